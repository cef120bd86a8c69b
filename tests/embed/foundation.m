/* SPDX-License-Identifier: MIT */
/* Objective-C with Foundation: an object owns a monitor, a run loop's timers drive it. No ARC. */
#import <Foundation/Foundation.h>
#include <pausemon/pausemon.h>

@interface Watcher : NSObject {
    struct pausemon_source *source;
    struct pausemon_monitor *monitor;
  @public
    int samples;
}
@end
@implementation Watcher
static void hear(void *user, const struct pausemon_event *event)
{
    const struct pausemon_process *worst = pausemon_sample_get_rogue(event->sample, 0);
    NSLog(@"sample %d, worst: %s", ++((Watcher *)user)->samples, worst ? worst->command : "nobody");
}
- (id)init
{
    struct pausemon_error error = {0};
    if ((self = [super init]) && pausemon_source_open(&source, "auto", NULL, &error) == 0 &&
        pausemon_monitor_new(&monitor, NULL, source, NULL, &error) == 0 &&
        pausemon_monitor_subscribe(monitor, PAUSEMON_EVENT_SAMPLE, hear, self, &error) > 0)
        return self;
    NSLog(@"%s", error.text);
    [self release];
    return nil;
}
- (void)dealloc
{
    pausemon_monitor_free(monitor);
    pausemon_source_free(source);
    [super dealloc];
}
- (void)wait
{
    [NSTimer scheduledTimerWithTimeInterval:pausemon_monitor_get_timeout(monitor) / 1000.0
        target:self selector:@selector(dispatch:) userInfo:nil repeats:NO];
}
- (void)dispatch:(NSTimer *)timer
{
    pausemon_monitor_dispatch(monitor);
    if (samples < 2 && [timer isValid]) /* enough for an example */
        [self wait];
}
@end

int main(void)
{
    NSAutoreleasePool *pool = [[NSAutoreleasePool alloc] init];
    Watcher *watcher = [[[Watcher alloc] init] autorelease];

    [watcher wait];
    while (watcher && watcher->samples < 2)
        [[NSRunLoop currentRunLoop] runUntilDate:[NSDate dateWithTimeIntervalSinceNow:0.1]];
    int samples = watcher ? watcher->samples : 0;
    [pool release];
    return samples == 2 ? 0 : 1;
}
