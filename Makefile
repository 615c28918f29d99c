# schemaflow - PGXS build.  "make check" needs no installation: it stages into ./stage (see test/run).
EXTENSION = schemaflow
EXTVERSION = $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" schemaflow.control)
MODULE_big = schemaflow
PGFILEDESC = "schemaflow - schema changes planned, proved, run and guarded in the server"

SOURCES = $(sort $(wildcard src/*.c src/*/*.c))
OBJS = $(SOURCES:.c=.o)
DATA = $(wildcard src/install/schemaflow--*--*.sql)
DATA_built = schemaflow--$(EXTVERSION).sql
QUERIES = src/kinds/queries.h

PG_CONFIG ?= pg_config
PG_CPPFLAGS = -I$(CURDIR)/src -DSF_VERSION='"$(EXTVERSION)"' -MMD -MP -isystem $(shell $(PG_CONFIG) --includedir-server)
PG_CFLAGS = -Wall -Wextra -Wshadow -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers \
	-Wno-missing-variable-declarations
EXTRA_CLEAN = $(QUERIES) $(OBJS:.o=.d) stage tmp_check build

# In the order of test/schedule; name some to run only those: make check REGRESS="install" TAP=t/001_restart.pl
REGRESS ?= $(shell sed -e 's/\#.*//' test/schedule)
ISOLATION ?= $(sort $(basename $(notdir $(wildcard specs/*.spec))))
TAP ?= $(sort $(wildcard t/*.pl))

# Goals that are not PGXS's: each calls this Makefile again.  PGXS has a "check" that only refuses.
TOP_GOALS = check check-regress check-isolation check-tap stage venv lint demo bench bench-phases faults matrix property random regressdb kinds

ifneq ($(filter $(TOP_GOALS),$(MAKECMDGOALS)),)

.PHONY: $(TOP_GOALS)
ifneq ($(filter command line environment,$(origin REGRESS) $(origin ISOLATION) $(origin TAP)),)
# Naming tests of one suite leaves the others out.
SUITES = $(if $(filter command environment,$(origin REGRESS)),"regress:$(REGRESS)") \
	$(if $(filter command environment,$(origin ISOLATION)),"isolation:$(ISOLATION)") \
	$(if $(filter command environment,$(origin TAP)),"tap:$(TAP)")
else
SUITES = "regress:$(REGRESS)" "isolation:$(ISOLATION)" "tap:$(TAP)"
endif
RUN = PG_CONFIG=$(PG_CONFIG) test/run

check: stage venv
	@$(RUN) $(SUITES)
check-regress: stage
	@$(RUN) "regress:$(REGRESS)"
check-isolation: stage
	@$(RUN) "isolation:$(ISOLATION)"
check-tap: stage venv
	@$(RUN) "tap:$(TAP)"

stage:
	+@$(MAKE) --no-print-directory -s all
	+@$(MAKE) --no-print-directory -s install DESTDIR=$(CURDIR)/stage >/dev/null

lint:
	@PG_CONFIG=$(PG_CONFIG) test/lint
# Real SQLModel for the demo's test, which fails by itself where this cannot be had.
venv:
	@$(if $(findstring t/,$(TAP)),demo/venv >/dev/null || echo "make: no SQLModel: see demo/venv" >&2)

demo: stage
	@PG_CONFIG=$(PG_CONFIG) demo/run
property: stage
	@PG_CONFIG=$(PG_CONFIG) CLUSTER_CONF="wal_level = logical" test/cluster test/property $(SIDES)
faults: stage
	@ROUNDS=$(or $(ROUNDS),200) SEED=$(or $(SEED),1) $(RUN) "tap:t/068_faults.pl"
random: stage
	@PG_CONFIG=$(PG_CONFIG) CLUSTER_CONF="wal_level = logical" test/cluster test/random/run $(or $(ROUNDS),1000) $(or $(SEED),1)
regressdb: stage
	@PG_CONFIG=$(PG_CONFIG) CLUSTER_CONF="wal_level = logical" test/cluster env PG_SOURCE="$(PG_SOURCE)" test/regressdb $(SEEDS)
kinds: stage
	@PG_CONFIG=$(PG_CONFIG) test/cluster test/kinds
bench: stage
	@PG_CONFIG=$(PG_CONFIG) test/cluster test/bench/run
	@PG_CONFIG=$(PG_CONFIG) test/cluster test/bench/guard
# On a disk, and as safe as a server in use: what a backfill takes is what clients that wait for theirs leave.
bench-phases: stage
	@PG_CONFIG=$(PG_CONFIG) TMPDIR=$${TMPDIR:-/var/tmp} CLUSTER_CONF="$$(printf '%s\n' 'fsync = on' 'shared_buffers = 1GB' \
		'max_wal_size = 8GB')" test/cluster test/bench/phases
matrix:
	@test/matrix

else

# Bitcode doubles the time to compile and only inlines small functions into JITed queries.
ifneq ($(origin with_llvm),command line)
override with_llvm = no
endif
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)
# The test modules call into the library: what 16 and later would hide is visible, as it is on 15.
override CFLAGS += -fvisibility=default

# Both are written anew each time and replaced only when they differ: so they follow files that went, and PG_CONFIG.
schemaflow--$(EXTVERSION).sql: FORCE
	@{ printf '%s\n\n' '\echo Use "CREATE EXTENSION schemaflow" to load this file. \quit' && \
	   cat $(sort $(wildcard src/install/[0-9]*.sql)); } >$@.tmp
	@cmp -s $@.tmp $@ && rm $@.tmp || mv $@.tmp $@

# The kinds' queries as C strings, their version lines chosen for this server.
$(QUERIES): FORCE
	@awk -v major=$(MAJORVERSION) -f src/kinds/embed.awk $(sort $(wildcard src/kinds/*.sql)) </dev/null >$@.tmp
	@cmp -s $@.tmp $@ && rm $@.tmp || mv $@.tmp $@

.PHONY: FORCE
FORCE:
$(OBJS): | $(QUERIES)
# The dependency files name it by its whole path, which make does not take for the same file.
src/kinds/registry.o: $(QUERIES)
src/lib/version.o: schemaflow.control

-include $(OBJS:.o=.d)

endif
