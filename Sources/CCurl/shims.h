// SPDX-License-Identifier: Apache-2.0
// libcurl, with wrappers for its variadic functions, which Swift does not import.
#ifndef CERTROTD_CCURL_SHIMS_H
#define CERTROTD_CCURL_SHIMS_H

#include <curl/curl.h>

#endif
