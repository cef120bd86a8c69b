/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMON_PAUSEMON_H
#define PAUSEMON_PAUSEMON_H

/* Everything. Each header also stands alone.
 * @since 0.1 */

#include <pausemon/alerts.h>
#include <pausemon/blackbox.h>
#include <pausemon/capture.h>
#include <pausemon/collector.h>
#include <pausemon/common.h>
#include <pausemon/config.h>
#include <pausemon/escalation.h>
#include <pausemon/forensics.h>
#include <pausemon/heartbeat.h>
#include <pausemon/json.h>
#include <pausemon/monitor.h>
#include <pausemon/pause.h>
#include <pausemon/place.h>
#include <pausemon/process.h>
#include <pausemon/ring.h>
#include <pausemon/sample.h>
#include <pausemon/scorer.h>
#include <pausemon/source.h>
#include <pausemon/storage.h>
#include <pausemon/tiers.h>

#endif
