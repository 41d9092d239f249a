// SPDX-License-Identifier: Apache-2.0
// The one function of LLVM's libFuzzer that is called from outside, https://llvm.org/docs/LibFuzzer.html: no header has it.
#ifndef CERTROTD_CFUZZER_SHIMS_H
#define CERTROTD_CFUZZER_SHIMS_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback)(const uint8_t *data, size_t size));

#endif
