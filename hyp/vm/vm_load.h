/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The RAM of a guest that is to start. */
#ifndef HYP_VM_VM_LOAD_H
#define HYP_VM_VM_LOAD_H

#include "hyp/vm/vm.h"

/*
 * Writes each byte of the guest's RAM, but what the plan preserves (ram-at-boot). ERR_INVALID: an image has a wrong
 * checksum, and the guest must not run: part of its RAM is written. The calling hart has the VM for itself.
 */
enum err vm_load(struct vm *vm) __must_check;

#endif
