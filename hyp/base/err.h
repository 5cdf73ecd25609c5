/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Error codes of functions inside the hypervisor. What a person must read about a configuration
 * is a problem (hyp/plan/problem.h); what a guest gets is an SBI error (hyp/vsbi/vsbi.h).
 */
#ifndef HYP_BASE_ERR_H
#define HYP_BASE_ERR_H

enum err {
	OK = 0,
	ERR_INVALID,	/* an argument or input does not make sense */
	ERR_RANGE,	/* outside of what the plan grants */
	ERR_NOSPACE,	/* a static table or buffer is full */
	ERR_NOTFOUND,
	ERR_UNSUPPORTED,
	ERR_FAULT,	/* a guarded access trapped */
	ERR_FIRMWARE,	/* the SBI implementation refused */
};

#endif
