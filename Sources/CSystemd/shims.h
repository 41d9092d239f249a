// SPDX-License-Identifier: Apache-2.0
// libsystemd: the journal and the service notification protocol. All that is used imports without a wrapper.
#ifndef CERTROTD_CSYSTEMD_SHIMS_H
#define CERTROTD_CSYSTEMD_SHIMS_H

#include <systemd/sd-daemon.h>
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#endif
