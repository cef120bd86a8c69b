// SPDX-License-Identifier: MIT
// A C++11 program: ownership by unique_ptr, errors as exceptions, JSON into a std::string.
#include <pausemon/pausemon.h>

#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>

struct Free {
    void operator()(pausemon_source *p) const
    {
        pausemon_source_free(p);
    }
    void operator()(pausemon_collector *p) const
    {
        pausemon_collector_free(p);
    }
};

class Watcher
{
  public:
    explicit Watcher(const std::string &spec)
    {
        pausemon_error error;
        pausemon_source *source;
        if (pausemon_source_open(&source, spec.c_str(), nullptr, &error) < 0)
            throw std::runtime_error(error.text);
        source_.reset(source);
        pausemon_collector *collector;
        int status = pausemon_collector_new(&collector, nullptr, source, nullptr, NULL);
        if (status < 0)
            throw std::runtime_error(pausemon_status_text(status));
        collector_.reset(collector);
    }
    std::string look()
    {
        pausemon_error error;
        const pausemon_sample *sample;
        if (pausemon_collector_collect(&sample, collector_.get(), &error) < 0)
            throw std::runtime_error(error.text);
        std::string json;
        pausemon_json_encode_sample(sample, append, &json);
        return json;
    }

  private:
    static int append(void *user, const char *bytes, size_t length)
    {
        static_cast<std::string *>(user)->append(bytes, length);
        return 0;
    }
    std::unique_ptr<pausemon_source, Free> source_; // freed after the collector
    std::unique_ptr<pausemon_collector, Free> collector_;
};

int main()
{
    Watcher watcher("auto");
    watcher.look();
    std::cout << watcher.look() << "\n";
    try {
        Watcher("nonsense");
    } catch (const std::runtime_error &error) {
        std::cout << error.what() << "\n";
        return 0;
    }
    return 1;
}
