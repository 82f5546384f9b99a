/* The simulator as Python sees it: a trace is read once, and run with any figures. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdlib.h>
#include <string.h>

#include "machine.h"

#define LARGE_LOG 32768 /* uops: a longer one is not kept for the next run */
#define FIGURE_COUNT ((Py_ssize_t)(sizeof(struct figures) / sizeof(int64_t)))

/* One machine serves all traces of a process, one after the other: its memory stays. */
static struct machine machine;
static bool running; /* a signal's handler may not run another */

/* A cell of the trace that grows with a figure. */
struct term {
	int64_t cell, figure, sign;
};

typedef struct {
	PyObject_HEAD
	struct program program;
	int64_t *wire; /* the trace at the figures stated */
	int64_t *patched; /* ... and at those of the last run; NULL: it was at those stated */
	int64_t *stated; /* the figures it was laid out with */
	struct term *terms;
	Py_ssize_t wire_size, term_count, figure_count;
} TraceObject;

static int interrupted(void)
{
	return PyErr_CheckSignals() != 0;
}

/* A copy of a buffer of 64-bit integers, at least `least` of them. */
static int64_t *integers(PyObject *object, Py_ssize_t *count, Py_ssize_t least,
			 const char *what)
{
	Py_buffer view;
	int64_t *copy;

	if (PyObject_GetBuffer(object, &view, PyBUF_C_CONTIGUOUS) < 0)
		return NULL;
	*count = view.len / (Py_ssize_t)sizeof(int64_t);
	if (view.itemsize != sizeof(int64_t) || *count < least) {
		PyErr_Format(PyExc_ValueError, "%s: %zd integers of %zd bytes, not %zd or "
			     "more of 8", what, *count, view.itemsize, least);
		PyBuffer_Release(&view);
		return NULL;
	}
	copy = PyMem_Malloc((size_t)view.len + sizeof(int64_t));
	if (copy)
		memcpy(copy, view.buf, (size_t)view.len);
	else
		PyErr_NoMemory();
	PyBuffer_Release(&view);
	return copy;
}

static void trace_dealloc(TraceObject *self)
{
	PyTypeObject *type = Py_TYPE((PyObject *)self);
	freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);

	program_free(&self->program);
	PyMem_Free(self->wire);
	PyMem_Free(self->patched);
	PyMem_Free(self->stated);
	PyMem_Free(self->terms);
	release(self);
	Py_DECREF(type);
}

static bool read_terms(TraceObject *self, PyObject *object)
{
	Py_ssize_t count;

	self->terms = (struct term *)integers(object, &count, 0, "terms");
	if (!self->terms)
		return false;
	self->term_count = count / 3;
	for (Py_ssize_t k = 0; k < self->term_count; k++) {
		const struct term *term = self->terms + k;

		if (term->cell < 0 || term->cell >= self->wire_size ||
		    term->figure < 0 || term->figure >= self->figure_count) {
			PyErr_SetString(PyExc_ValueError, "a term is outside the trace");
			return false;
		}
	}
	return true;
}

static PyObject *trace_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
	PyObject *wire, *figures, *terms;
	allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
	TraceObject *self;
	const char *problem;

	if (kwargs && PyDict_Size(kwargs)) {
		PyErr_SetString(PyExc_TypeError, "Trace takes no keywords");
		return NULL;
	}
	if (!PyArg_ParseTuple(args, "OOO", &wire, &figures, &terms))
		return NULL;
	self = (TraceObject *)allocate(type, 0);
	if (!self)
		return NULL;
	self->wire = integers(wire, &self->wire_size, 1, "trace");
	self->stated = self->wire ? integers(figures, &self->figure_count, FIGURE_COUNT,
					     "figures") : NULL;
	if (!self->stated || !read_terms(self, terms))
		goto fail;
	problem = program_read(&self->program, self->wire, (size_t)self->wire_size);
	if (!problem)
		return (PyObject *)self;
	PyErr_SetString(PyExc_ValueError, problem);
fail:
	Py_DECREF(self);
	return NULL;
}

/* The program as the figures have it. */
static const char *at_figures(TraceObject *self, const int64_t *figures)
{
	bool changed = false;

	for (Py_ssize_t k = 0; k < self->term_count; k++) {
		const struct term *term = self->terms + k;

		changed |= figures[term->figure] != self->stated[term->figure];
	}
	if (!changed && !self->patched)
		return NULL; /* it has been read so */
	if (!self->patched)
		self->patched = PyMem_Malloc((size_t)self->wire_size * sizeof(int64_t));
	if (!self->patched)
		return "not enough memory";
	memcpy(self->patched, self->wire, (size_t)self->wire_size * sizeof(int64_t));
	for (Py_ssize_t k = 0; changed && k < self->term_count; k++) {
		const struct term *term = self->terms + k;

		/* unsigned: what the terms say is checked when the trace is read */
		self->patched[term->cell] = (int64_t)
			((uint64_t)self->patched[term->cell] + (uint64_t)term->sign *
			 ((uint64_t)figures[term->figure] -
			  (uint64_t)self->stated[term->figure]));
	}
	return program_read(&self->program, self->patched, (size_t)self->wire_size);
}

/* What is wrong with the figures, or NULL: the stages divide by them, index with them,
 * and size memory by them. */
static const char *bad_figure(const struct figures *f)
{
#define X(name, least, most, off, binary) \
	if (!(off && f->name == 0) && (f->name < (least) || f->name > (most))) \
		return #name ": not from " #least " to " #most; \
	if (binary && f->name & (f->name - 1)) \
		return #name ": not a power of two";
	LIMITS(X)
#undef X
	return NULL;
}

static const char *bad_settings(const struct settings *set)
{
	if (set->mode < MODE_DECODE || set->mode > MODE_LOOP)
		return "mode: not one of delivery";
	if (set->group < 1 || set->group > 1 << 24)
		return "group: not a count of trips";
	if (set->calendar < 1 || set->calendar > LONGEST_CALENDAR ||
	    set->calendar & (set->calendar - 1))
		return "calendar: not a power of two, or too long";
	return NULL;
}

static bool failed(enum status status)
{
	switch (status) {
	case FINE:
		return false;
	case TOO_LONG:
		PyErr_SetString(PyExc_OverflowError,
				"something waits longer than the simulator can follow");
		return true;
	case NO_MEMORY:
		PyErr_NoMemory();
		return true;
	case INTERRUPTED: /* the signal's handler has set the exception */
		return true;
	}
	return true;
}

static PyObject *outcome_tuple(const struct outcome *o)
{
	return Py_BuildValue("(LLLLOLLL)", (long long)o->cycles, (long long)o->trips,
			     (long long)o->first, (long long)o->start,
			     o->settled ? Py_True : Py_False, (long long)o->uops,
			     (long long)o->calendar, (long long)o->last_event);
}

static bool run_figures(TraceObject *self, const int64_t *figures, bool logged,
			const struct settings *set, struct outcome *out)
{
	enum status status;
	const char *problem = bad_figure((const struct figures *)figures);

	if (!problem)
		problem = bad_settings(set);
	if (!problem)
		problem = at_figures(self, figures);
	if (problem) {
		PyErr_SetString(PyExc_ValueError, problem);
		return false;
	}
	if (running) {
		PyErr_SetString(PyExc_RuntimeError, "the simulator is running already");
		return false;
	}
	running = true;
	machine.f = (const struct figures *)figures;
	machine.p = &self->program;
	status = simulate(&machine, set, logged, out);
	running = false;
	return !failed(status);
}

/* What every method is called with: figures, mode, group, need, limit, calendar. */
struct call {
	int64_t *figures; /* to be freed with PyMem_Free */
	Py_ssize_t count;
	struct settings set;
};

static bool read_call(PyObject *args, Py_ssize_t least, const char *what,
		      struct call *call)
{
	PyObject *object;
	long long mode, group, need, limit, calendar;

	if (!PyArg_ParseTuple(args, "OLLLLL", &object, &mode, &group, &need, &limit,
			      &calendar))
		return false;
	call->set = (struct settings){ mode, group, need, limit, calendar, interrupted };
	call->figures = integers(object, &call->count, least, what);
	return call->figures;
}

/* One run at one vector of figures, which is freed. */
static bool run_once(TraceObject *self, PyObject *args, bool logged, struct outcome *out)
{
	struct call call;
	bool fine;

	if (!read_call(args, self->figure_count, "figures", &call))
		return false;
	fine = run_figures(self, call.figures, logged, &call.set, out);
	PyMem_Free(call.figures);
	return fine;
}

/* run(figures, mode, group, need, limit, calendar) -> outcome */
static PyObject *trace_run(TraceObject *self, PyObject *args)
{
	struct outcome out = { 0 };

	return run_once(self, args, false, &out) ? outcome_tuple(&out) : NULL;
}

/* log(figures, mode, group, need, limit, calendar) -> (outcome, log, figures read) */
static PyObject *trace_log(TraceObject *self, PyObject *args)
{
	PyObject *outcome, *log, *used;
	struct outcome out = { 0 };

	if (!run_once(self, args, true, &out))
		return NULL;
	outcome = outcome_tuple(&out);
	log = PyBytes_FromStringAndSize((const char *)machine.log, (Py_ssize_t)
					(out.uops * LOG_ROW * (int64_t)sizeof(int64_t)));
	used = PyBytes_FromStringAndSize((const char *)machine.used, sizeof(machine.used));
	if (machine.log_uops > LARGE_LOG) {
		free(machine.log);
		machine.log = NULL;
		machine.log_uops = 0;
	}
	return outcome && log && used ? Py_BuildValue("(NNN)", outcome, log, used) : NULL;
}

/* draws(rows of figures, mode, group, need, limit, calendar) -> [(cycles, trips)] */
static PyObject *trace_draws(TraceObject *self, PyObject *args)
{
	PyObject *list;
	struct call call;
	Py_ssize_t rows;

	if (!read_call(args, 0, "rows of figures", &call))
		return NULL;
	rows = call.count / self->figure_count;
	list = PyList_New(rows);
	for (Py_ssize_t k = 0; list && k < rows; k++) {
		const int64_t *figures = call.figures + k * self->figure_count;
		struct outcome out = { 0 };
		PyObject *pair = NULL;

		if (run_figures(self, figures, false, &call.set, &out))
			pair = Py_BuildValue("(LL)", (long long)out.cycles,
					     (long long)out.trips);
		if (!pair || (k % 256 == 255 && interrupted())) {
			Py_XDECREF(pair);
			Py_CLEAR(list);
			break;
		}
		call.set.calendar = out.calendar;
		PyList_SetItem(list, k, pair);
	}
	PyMem_Free(call.figures);
	return list;
}

static PyMethodDef trace_methods[] = {
	{ "run", (PyCFunction)trace_run, METH_VARARGS,
	  "run(figures, mode, group, need, limit, calendar) -> outcome" },
	{ "log", (PyCFunction)trace_log, METH_VARARGS,
	  "log(figures, mode, group, need, limit, calendar) -> (outcome, log, read)" },
	{ "draws", (PyCFunction)trace_draws, METH_VARARGS,
	  "draws(rows, mode, group, need, limit, calendar) -> [(cycles, trips), ..]" },
	{ NULL, NULL, 0, NULL },
};

static PyType_Slot trace_slots[] = {
	{ Py_tp_doc, "Trace(packed, figures, terms): a trace, checked, ready to run." },
	{ Py_tp_new, trace_new },
	{ Py_tp_dealloc, trace_dealloc },
	{ Py_tp_methods, trace_methods },
	{ 0, NULL },
};

static PyType_Spec trace_spec = {
	.name = "costmodel.engine._simulator.Trace",
	.basicsize = sizeof(TraceObject),
	.flags = Py_TPFLAGS_DEFAULT,
	.slots = trace_slots,
};

static int exec_module(PyObject *module)
{
	PyObject *names = PyTuple_New(FIGURE_COUNT), *type;
	Py_ssize_t k = 0;

	if (!names)
		return -1;
#define X(name) PyTuple_SetItem(names, k++, PyUnicode_FromString(#name));
	FIGURES(X)
#undef X
	type = PyType_FromSpec(&trace_spec);
	if (!type || PyModule_AddObject(module, "Trace", type) < 0 ||
	    PyModule_AddObject(module, "FIGURES", names) < 0 ||
	    PyModule_AddIntConstant(module, "LOG_ROW", LOG_ROW) < 0)
		return -1;
	return 0;
}

static PyModuleDef_Slot module_slots[] = {
	{ Py_mod_exec, exec_module },
	{ 0, NULL },
};

static struct PyModuleDef module = {
	PyModuleDef_HEAD_INIT,
	.m_name = "costmodel.engine._simulator",
	.m_doc = "The simulator of costmodel, in C.",
	.m_size = 0,
	.m_slots = module_slots,
};

PyMODINIT_FUNC PyInit__simulator(void)
{
	return PyModuleDef_Init(&module);
}
