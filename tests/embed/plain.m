/* SPDX-License-Identifier: MIT */
/* Objective-C without Foundation: nothing but the language's runtime. */
#include <pausemon/pausemon.h>

#include <objc/runtime.h>
#include <stdio.h>

__attribute__((objc_root_class))
@interface Looker {
    Class isa;
    struct pausemon_source *source;
    struct pausemon_collector *collector;
}
+ (Looker *)lookerAt:(const char *)spec;
- (uint64_t)look;
- (void)free;
@end

@implementation Looker
+ (Looker *)lookerAt:(const char *)spec
{
    struct pausemon_error error;
    Looker *looker = (Looker *)class_createInstance(self, 0);

    if (pausemon_source_open(&looker->source, spec, NULL, &error) == 0 &&
        pausemon_collector_new(&looker->collector, NULL, looker->source, NULL, &error) == 0)
        return looker;
    fprintf(stderr, "%s\n", error.text);
    [looker free];
    return nil;
}
- (uint64_t)look
{
    const struct pausemon_sample *sample;

    if (pausemon_collector_collect(&sample, collector, NULL) < 0)
        return 0;
    return pausemon_sample_get_info(sample)->process_count;
}
- (void)free
{
    pausemon_collector_free(collector);
    pausemon_source_free(source);
    object_dispose((id)self);
}
@end

int main(void)
{
    Looker *looker = [Looker lookerAt:"auto"];
    uint64_t count = [looker look];

    printf("%d processes\n", (int)count);
    [looker free];
    return count > 0 ? 0 : 1;
}
