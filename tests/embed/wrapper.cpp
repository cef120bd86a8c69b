// SPDX-License-Identifier: MIT
// C++11: unique_ptr owns, errors are exceptions, a lambda hears.
#include <pausemon/pausemon.h>

#include <functional>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>

class Monitor
{
  public:
    using Hear = std::function<void(const pausemon_event &)>; // must not throw

    Monitor(const std::string &spec, uint64_t mask, Hear hear) : hear_(hear)
    {
        pausemon_source *source;
        pausemon_monitor *monitor;
        pausemon_error error;
        if (pausemon_source_open(&source, spec.c_str(), nullptr, &error) < 0)
            throw std::runtime_error(error.text);
        source_.reset(source);
        if (pausemon_monitor_new(&monitor, nullptr, source, nullptr, &error) < 0)
            throw std::runtime_error(error.text);
        monitor_.reset(monitor);
        auto call = [](void *user, const pausemon_event *event) { (*(Hear *)user)(*event); };
        if (pausemon_monitor_subscribe(monitor, mask, call, &hear_, &error) < 0)
            throw std::runtime_error(error.text);
    }
    Monitor(const Monitor &) = delete; // the address of hear_ is known elsewhere
    operator pausemon_monitor *()
    {
        return monitor_.get();
    }

  private:
    template <class T> using Owner = std::unique_ptr<T, void (*)(T *)>;
    Hear hear_;
    Owner<pausemon_source> source_{nullptr, pausemon_source_free}; // freed after the monitor
    Owner<pausemon_monitor> monitor_{nullptr, pausemon_monitor_free};
};

int main()
{
    uint64_t processes = 0;
    Monitor monitor("auto", PAUSEMON_EVENT_SAMPLE, [&](const pausemon_event &event) {
        processes = pausemon_sample_get_info(event.sample)->process_count;
    });
    std::cout << pausemon_monitor_feed(monitor) << " sample, " << processes << " processes\n";
    try {
        Monitor("nonsense", PAUSEMON_EVENT_ALL, nullptr);
    } catch (const std::runtime_error &error) {
        std::cout << error.what() << "\n";
        return 0;
    }
    return 1;
}
