// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keep a list of addresses whose packets are dropped. Each call does one thing and ends:
 * what has to last is pinned.
 *
 *	/sys/fs/bpf/xdp-lessons-blocklist/	whoever works on it holds its lock
 *		if2-ns4026531840/	attached as interface 2 of that network namespace
 *			list		the map that holds the list
 *			hits, totals	the counters
 *			link		what holds the program at the interface
 *
 * Attached is what has a link that is alive. All else there is left of a call that was
 * killed, or of an interface that is gone: attach and detach clear dead links away, and
 * use or remove what their own interface has. What changes more than one prefix fills a
 * new list, and exchanges the two at the end. So a call that is killed has either done
 * all of its work or nothing.
 */
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <unistd.h>
#include <linux/if_link.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <bpf/bpf.h>

#include "prefixes.h"
#include "xdp_blocklist_kern.skel.h"
#include "xdp_user.h"

#define BPFFS "/sys/fs/bpf"
#define BASE  BPFFS "/xdp-lessons-blocklist"

#define LOCK_SECONDS 10
#define BATCH	     4096 /* entries that are read at once */
#define SHOWN_MAX    60	  /* bytes of a wrong line */

/*
 * What list prints if there is nothing in it. load takes only this for an empty list: a
 * file that is empty, or holds other comments, may be a download that failed.
 */
#define EMPTY_LIST "# no prefix\n"

/* With the name that the program was called by: installed, it is another one. */
#define USAGE                                                                              \
	"Usage: %1$s [-S|-N] [-F] [-v] attach IFACE\n"                                     \
	"       %1$s detach|status IFACE\n"                                                \
	"       %1$s [-i IFACE] add|del PREFIX...\n"                                       \
	"       %1$s [-i IFACE] [-r] load FILE\n"                                          \
	"       %1$s [-i IFACE] [-j] list|stats\n"                                         \
	"Drop the packets that IFACE receives from the addresses of a list. The list\n"    \
	"stays when this ends, until detach.\n"                                            \
	"\n"                                                                               \
	"  attach  begin; if it is attached, put this program in place of that one,\n"     \
	"          and keep list and counters\n"                                           \
	"  detach  end, and remove list and counters\n"                                    \
	"  status  is it attached, how, and how long is the list\n"                        \
	"  add     put prefixes, such as 10.0.0.0/8 or fd00::1, into the list\n"           \
	"  del     take them out\n"                                                        \
	"  load    add those of FILE, one a line; - is standard input; # and ; begin\n"    \
	"          a comment\n"                                                            \
	"  list    the list, and how many packets each prefix dropped; load can read it\n" \
	"  stats   how many packets passed and were dropped\n"                             \
	"\n"                                                                               \
	"If one prefix is wrong, none is changed.\n"                                       \
	"\n"                                                                               \
	"  -i  the interface (default: the only one that is attached here)\n"              \
	"  -r  load: FILE in place of the list\n"                                          \
	"  -j  list, stats: as JSON, an object a line\n" XDP_OPTIONS_HELP

/* What is pinned for one interface, as far as a verb needs it. */
struct blocklist {
	struct xdp_opts opts;
	bool json;
	bool replace;
	const char *ifname; /* of -i; NULL: the only one that is attached */
	char dir[PATH_MAX];
	int lock; /* -1: nothing is pinned at all */
	int link; /* -1: not attached */
	__u32 prog_id;
	int trie; /* the list that counts now */
	struct bpf_map_info trie_info;
	struct xdp_blocklist_kern *skel; /* its maps, not its program */
};

/* Say what failed; the status for main(). */
__attribute__((format(printf, 1, 2))) static int fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vwarnx(format, args);
	va_end(args);
	return EXIT_FAILURE;
}

/* Of an error with a file or a map, where that of the verifier does not apply. */
static const char *reason(int error)
{
	return xdp_reason(abs(error) == EACCES ? EPERM : error);
}

/* DIR/NAME. Returns path. */
static char *join(char *path, const char *dir, const char *name)
{
	snprintf(path, PATH_MAX, "%.*s/%s", PATH_MAX - NAME_MAX - 2, dir, name);
	return path;
}

/* Where attach puts an interface's pins. Not by its name: that can be changed, may hold a
 * dot, which bpffs refuses, and means another one in another namespace. Returns 0 or
 * -errno.
 */
static int pin_dir(char *dir, int ifindex)
{
	struct stat ns;

	if (stat("/proc/self/ns/net", &ns))
		return -errno;
	snprintf(dir, PATH_MAX, BASE "/if%d-ns%lu", ifindex,
		 (unsigned long)ns.st_ino);
	return 0;
}

static void on_alarm(int sig)
{
	(void)sig; /* flock() returns, and that is all that is wanted */
	alarm(1);  /* should it not have waited yet: once more */
}

/*
 * Take the lock, and make BASE first if asked. It ends with the process. Returns its
 * file descriptor, or -errno: -ENOENT, there is no BASE; -EINTR, waited too long.
 */
static int take_lock(bool shared, bool make)
{
	const struct sigaction wake_up = { .sa_handler = on_alarm };
	struct stat held, there;
	int fd, ret;

	sigaction(SIGALRM, &wake_up, NULL);
	alarm(LOCK_SECONDS);
	while (true) {
		if (make && mkdir(BASE, 0700) && errno != EEXIST) {
			ret = -errno;
			break;
		}
		fd = open(BASE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT && make)
			continue;
		ret = fd < 0 ? -errno : 0;
		if (!ret && flock(fd, shared ? LOCK_SH : LOCK_EX))
			ret = -errno;
		if (ret)
			break;
		/* Whoever had it may have removed the folder. */
		if (!fstat(fd, &held) && !stat(BASE, &there) &&
		    held.st_ino == there.st_ino) {
			ret = fd;
			break;
		}
		close(fd);
	}
	alarm(0);
	return ret;
}

static int lock_failed(int error)
{
	if (error == -EINTR)
		return fail("lock " BASE
			    ": another process has held it for %d seconds",
			    LOCK_SECONDS);
	return fail("lock " BASE ": %s", reason(error));
}

/* The link that is pinned in a folder. Returns its file descriptor or -errno. */
static int open_link(const char *dir, struct bpf_link_info *info)
{
	__u32 bytes = sizeof(*info);
	char path[PATH_MAX];
	int fd = bpf_obj_get(join(path, dir, "link"));

	memset(info, 0, sizeof(*info));
	if (fd < 0)
		return -errno;
	if (bpf_obj_get_info_by_fd(fd, info, &bytes) ||
	    info->type != BPF_LINK_TYPE_XDP) {
		close(fd);
		return -EINVAL;
	}
	return fd;
}

/*
 * Remove a folder. The link goes last: as long as it is there, and dead, everybody
 * knows that the rest is rubbish. Returns 0 or -errno.
 */
static int remove_pins(const char *dir)
{
	static const char *const names[] = { "list", "hits", "totals", "link" };
	char path[PATH_MAX];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (unlink(join(path, dir, names[i])) && errno != ENOENT)
			return -errno;
	return rmdir(dir) ? -errno : 0;
}

/* Call with the path of each interface's folder, until one returns other than 0. */
static int for_each_dir(int (*call)(const char *dir, void *arg), void *arg)
{
	DIR *base = opendir(BASE);
	char dir[PATH_MAX];
	struct dirent *entry;
	int ret = 0;

	if (!base)
		return -errno;
	while (!ret && (entry = readdir(base)))
		if (entry->d_name[0] != '.')
			ret = call(join(dir, BASE, entry->d_name), arg);
	closedir(base);
	return ret;
}

/* Remove what belongs to an interface that is gone, or to a detach that was killed. */
static int remove_if_dead(const char *dir, void *arg)
{
	struct bpf_link_info info;
	int fd = open_link(dir, &info);

	(void)arg;
	if (fd < 0)
		return 0;
	close(fd);
	if (!info.xdp.ifindex)
		remove_pins(dir);
	return 0;
}

/*
 * Is a link alive, and its interface in this network namespace? The number does not say
 * so: an interface that was moved may be somewhere else, and another one has its number.
 */
static bool is_here(const struct bpf_link_info *info)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);

	return info->xdp.ifindex &&
	       !bpf_xdp_query(info->xdp.ifindex, 0, &query) &&
	       query.prog_id == info->prog_id;
}

/* Note folder and link if they are those of the interface. Returns 1 then, or 0. */
static int take_link(const char *dir, void *arg)
{
	struct blocklist *b = arg;
	struct bpf_link_info info;
	int fd = open_link(dir, &info);

	if (fd < 0)
		return 0;
	if (info.xdp.ifindex != (__u32)b->opts.ifindex || !is_here(&info)) {
		close(fd);
		return 0;
	}
	snprintf(b->dir, sizeof(b->dir), "%s", dir);
	b->link = fd;
	b->prog_id = info.prog_id;
	return 1;
}

/*
 * Find the interface's folder, and the link in it if that is alive. If the interface was
 * moved, its folder has the name that was right where it was attached. Returns 0 or
 * -errno: -ENOENT, not attached; -EEXIST, one that was moved away has the folder.
 */
static int find_link(struct blocklist *b)
{
	struct bpf_link_info info;
	int ret = for_each_dir(take_link, b);

	if (ret)
		return ret < 0 ? ret : 0;
	ret = pin_dir(b->dir, b->opts.ifindex);
	if (!ret)
		ret = open_link(b->dir, &info);
	if (ret < 0)
		return ret;
	close(ret);
	return info.xdp.ifindex ? -EEXIST : -ENOENT;
}

struct attached {
	int ifindex;
	int count;
};

static int count_attached(const char *dir, void *arg)
{
	struct attached *attached = arg;
	struct bpf_link_info info;
	int fd = open_link(dir, &info);

	if (fd < 0)
		return 0;
	close(fd);
	if (is_here(&info)) {
		attached->ifindex = info.xdp.ifindex;
		attached->count++;
	}
	return 0;
}

/* No -i: the only interface that is attached here. Returns an exit status. */
static int only_interface(struct blocklist *b, char *ifname)
{
	struct attached attached = {};
	int ret = b->lock < 0 ? 0 : for_each_dir(count_attached, &attached);

	if (ret < 0)
		return fail("read " BASE ": %s", reason(ret));
	if (attached.count > 1)
		return fail("%d interfaces are attached: say -i IFACE",
			    attached.count);
	if (!attached.count || !if_indextoname(attached.ifindex, ifname))
		return fail("no interface is attached: attach comes first");
	return EXIT_SUCCESS;
}

/* Have the maps of the skeleton stand for those that are pinned. Returns a status. */
static int open_maps(struct blocklist *b)
{
	__u32 id, now = 0, bytes;
	struct bpf_map *map;
	char path[PATH_MAX];
	int fd, ret;

	b->skel = xdp_blocklist_kern__open();
	if (!b->skel)
		return fail("open xdp_blocklist: %s", reason(errno));

	bpf_object__for_each_map(map, b->skel->obj)
	{
		if (map == b->skel->maps.first_trie)
			continue;
		fd = bpf_obj_get(join(path, b->dir, bpf_map__name(map)));
		if (fd < 0)
			return fail("pin %s: %s (attach mends it)", path,
				    reason(errno));
		ret = bpf_map__reuse_fd(map, fd);
		close(fd);
		if (ret)
			return fail("pin %s: %s", path, reason(ret));
	}

	/* A map in a map is read as its id. */
	ret = bpf_map__lookup_elem(b->skel->maps.list, &now, sizeof(now), &id,
				   sizeof(id), 0);
	b->trie = ret ? ret : bpf_map_get_fd_by_id(id);
	if (b->trie < 0)
		return fail("open the list of %s: %s", b->opts.ifname,
			    reason(ret ?: errno));
	bytes = sizeof(b->trie_info);
	if (bpf_obj_get_info_by_fd(b->trie, &b->trie_info, &bytes) ||
	    b->trie_info.type != BPF_MAP_TYPE_LPM_TRIE ||
	    b->trie_info.key_size != sizeof(struct prefix) ||
	    b->trie_info.value_size != sizeof(struct prefix))
		return fail(
			"open the list of %s: made by another version: detach comes first",
			b->opts.ifname);
	return EXIT_SUCCESS;
}

/*
 * Take the lock, and find what is pinned. What comes from other processes is to be read
 * before: they may take their time. Returns an exit status.
 */
static int open_blocklist(struct blocklist *b, const char *ifname, bool shared)
{
	char only[IF_NAMESIZE];
	int ret;

	b->lock = take_lock(shared, false);
	if (b->lock < 0 && b->lock != -ENOENT)
		return lock_failed(b->lock);

	if (!ifname) {
		if (only_interface(b, only))
			return EXIT_FAILURE;
		ifname = only;
	}
	b->opts.force = true; /* its default route is in no danger now */
	xdp_option_iface(&b->opts, ifname);
	/* Without BASE there is no lock, and nothing else either. */
	ret = b->lock < 0 ? b->lock : find_link(b);
	if (ret == -ENOENT)
		return fail("%s: not attached", b->opts.ifname);
	if (ret)
		return fail("pin %s/link: %s", b->dir, reason(ret));
	return open_maps(b);
}

/* All is read: whoever takes what is printed may take its time, and nobody waits. */
static void give_lock_back(struct blocklist *b)
{
	close(b->lock);
	b->lock = -1;
}

/* Read a list, sorted. Returns 0 or -errno. */
static int read_list(int trie, struct prefixes *list)
{
	struct prefix *keys, *values, next;
	void *from = NULL;
	__u32 count, i;
	int ret, done;

	keys = calloc(BATCH, sizeof(*keys));
	values = calloc(BATCH, sizeof(*values));
	ret = keys && values ? 0 : -ENOMEM;
	done = 0;
	while (!ret && !done) {
		count = BATCH;
		done = bpf_map_lookup_batch(trie, from, &next, keys, values,
					    &count, NULL);
		/* -ENOENT: these were the last. */
		if (done && errno != ENOENT)
			ret = -errno;
		for (i = 0; i < count && !ret; i++)
			ret = prefixes_add(list, &keys[i]);
		from = &next;
	}
	free(keys);
	free(values);
	prefixes_sort(list);
	return ret;
}

/*
 * Put a list in the old one's place, in one step. When this returns no packet is
 * looked up in the old one any more. Returns 0 or -errno: -ENOSPC, too many.
 */
static int exchange_list(struct blocklist *b, const struct prefixes *list)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_NO_PREALLOC,
		    .btf_key_type_id = b->trie_info.btf_key_type_id,
		    .btf_value_type_id = b->trie_info.btf_value_type_id);
	__u32 now = 0, count = list->count;
	int btf, trie, ret = 0;

	if (list->count > LIST_MAX)
		return -ENOSPC;
	/* Linux 6.1 takes a map for another one only if both, or none, have types. */
	btf = bpf_btf_get_fd_by_id(b->trie_info.btf_id);
	if (btf < 0)
		return -errno;
	opts.btf_fd = btf;
	trie = bpf_map_create(BPF_MAP_TYPE_LPM_TRIE, b->trie_info.name,
			      sizeof(struct prefix), sizeof(struct prefix),
			      LIST_MAX, &opts);
	ret = trie < 0 ? -errno : 0;
	close(btf);
	if (ret)
		return ret;
	/* Key and value are the same. */
	if (count &&
	    bpf_map_update_batch(trie, list->at, list->at, &count, NULL))
		ret = -errno;
	if (!ret)
		ret = bpf_map__update_elem(b->skel->maps.list, &now,
					   sizeof(now), &trie, sizeof(trie), 0);
	close(trie);
	return ret;
}

/* Is this very prefix in the list? What a trie finds may be a shorter one. */
static bool is_listed(const struct blocklist *b, const struct prefix *prefix)
{
	struct prefix found;

	return !bpf_map_lookup_elem(b->trie, prefix, &found) &&
	       prefix_equal(prefix, &found);
}

static void forget_hits(const struct blocklist *b, const struct prefix *prefix)
{
	bpf_map__delete_elem(b->skel->maps.hits, prefix, sizeof(*prefix), 0);
}

/* The reason for which a list cannot be changed. */
static const char *change_reason(int error)
{
	static char text[64];

	if (abs(error) != ENOSPC)
		return reason(error);
	snprintf(text, sizeof(text),
		 "the list is full: %d prefixes are the most", LIST_MAX);
	return text;
}

/* Read prefixes from the command line, in this order. Exits if one is wrong. */
static void read_arguments(char **args, struct prefixes *list)
{
	char why[REASON_MAX];
	struct prefix prefix;

	for (; *args; args++) {
		if (prefix_read(*args, &prefix, why))
			errx(EXIT_USAGE, "prefix %s: %s", *args, why);
		if (prefixes_add(list, &prefix))
			errx(EXIT_FAILURE, "prefix %s: %s", *args,
			     strerror(ENOMEM));
	}
}

/* What is in the list, what is given, and what is to be in the list. */
struct change {
	struct prefixes old;   /* sorted */
	struct prefixes given; /* sorted */
	struct prefixes new;
};

static void change_free(struct change *c)
{
	free(c->old.at);
	free(c->given.at);
	free(c->new.at);
}

/* Make "new" the old list with all that is given, or without it. Returns 0 or -errno. */
static int merge(struct change *c, bool add)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < c->old.count && !ret; i++)
		if (add || !prefixes_have(&c->given, &c->old.at[i]))
			ret = prefixes_add(&c->new, &c->old.at[i]);
	for (i = 0; i < c->given.count && !ret && add; i++)
		ret = prefixes_add(&c->new, &c->given.at[i]);
	return ret;
}

/* Returns 0 or -errno. */
static int change_several(struct blocklist *b, struct change *c, bool add)
{
	int ret = read_list(b->trie, &c->old);

	if (!ret)
		ret = merge(c, add);
	return ret ? ret : exchange_list(b, &c->new);
}

/* In place: for the kernel that is a single step. Returns 0 or -errno. */
static int change_one(struct blocklist *b, const struct prefix *prefix,
		      bool add)
{
	int ret = add ? bpf_map_update_elem(b->trie, prefix, prefix, 0) :
			bpf_map_delete_elem(b->trie, prefix);

	return ret ? -errno : 0;
}

/* add and del. Returns an exit status. */
static int change_list(struct blocklist *b, char **args, bool add)
{
	const struct prefix *twice;
	char text[PREFIX_TEXT];
	struct change c = {};
	size_t i;
	int ret;

	read_arguments(args, &c.given);
	prefixes_sort(&c.given);
	twice = prefixes_twice(&c.given);
	if (twice)
		return fail("prefix %s: given twice",
			    prefix_print(twice, text));

	if (open_blocklist(b, b->ifname, false))
		return EXIT_FAILURE;
	for (i = 0; i < c.given.count; i++)
		if (is_listed(b, &c.given.at[i]) == add)
			return fail("prefix %s: %s the list of %s",
				    prefix_print(&c.given.at[i], text),
				    add ? "already in" : "not in",
				    b->opts.ifname);

	/* Of one that was removed while a packet of it was on its way. */
	for (i = 0; i < c.given.count && add; i++)
		forget_hits(b, &c.given.at[i]);
	ret = c.given.count == 1 ? change_one(b, c.given.at, add) :
				   change_several(b, &c, add);
	if (ret)
		return fail("change the list of %s: %s", b->opts.ifname,
			    change_reason(ret));
	for (i = 0; i < c.given.count && !add; i++)
		forget_hits(b, &c.given.at[i]);
	change_free(&c);
	return EXIT_SUCCESS;
}

static int do_add(struct blocklist *b, char **args)
{
	return change_list(b, args, true);
}

static int do_del(struct blocklist *b, char **args)
{
	return change_list(b, args, false);
}

/* A word for a message: cut, and without what would disturb a terminal. */
static const char *shown(const char *word)
{
	static char text[SHOWN_MAX + 4];
	size_t i;

	for (i = 0; word[i] && i < SHOWN_MAX; i++)
		text[i] = isprint((unsigned char)word[i]) ? word[i] : '?';
	strcpy(text + i, word[i] ? "..." : "");
	return text;
}

/* One line of a file. Returns 1 with a prefix, 0 without, -errno: -EINVAL, why says it. */
static int read_line(char *line, ssize_t bytes, struct prefix *prefix,
		     char *why)
{
	static const char spaces[] = " \t\r\n\f\v";
	char *word, *rest;

	if (memchr(line, '\0', bytes)) {
		snprintf(why, REASON_MAX, "a byte of value 0: not a text");
		return -EINVAL;
	}
	line[strcspn(line, "#;")] = '\0';
	word = strtok_r(line, spaces, &rest);
	if (!word)
		return 0;
	if (strtok_r(NULL, spaces, &rest)) {
		snprintf(why, REASON_MAX, "more than one word in a line");
		return -EINVAL;
	}
	memmove(line, word, strlen(word) + 1);
	return prefix_read(line, prefix, why) ?: 1;
}

/* Read a file of prefixes. Returns an exit status. */
static int read_file(const char *name, struct prefixes *list)
{
	FILE *file = strcmp(name, "-") ? fopen(name, "re") : stdin;
	char why[REASON_MAX], *line = NULL;
	unsigned long number = 0;
	struct prefix prefix;
	bool empty = false;
	ssize_t bytes;
	size_t room = 0;
	int ret = 0;

	if (!file)
		return fail("read %s: %s", name, strerror(errno));
	while (ret >= 0 &&
	       (errno = 0, bytes = getline(&line, &room, file)) >= 0) {
		number++;
		empty = empty || !strcmp(line, EMPTY_LIST);
		ret = read_line(line, bytes, &prefix, why);
		if (ret > 0)
			ret = prefixes_add(list, &prefix);
	}
	if (ret == -EINVAL)
		return fail("%s:%lu: %s: %s", name, number, shown(line), why);
	if (ret >= 0 && !feof(file))
		ret = errno ? -errno : -EIO;
	free(line);
	if (file != stdin)
		fclose(file);
	if (ret < 0)
		return fail("read %s: %s", name, strerror(-ret));
	if (!list->count && !empty)
		return fail("read %s: there is no prefix in it", name);
	return EXIT_SUCCESS;
}

static int do_load(struct blocklist *b, char **args)
{
	const struct prefix *twice;
	char text[PREFIX_TEXT];
	struct change c = {};
	size_t i;
	int ret;

	if (read_file(args[0], &c.given))
		return EXIT_FAILURE;
	prefixes_sort(&c.given);
	twice = prefixes_twice(&c.given);
	if (twice)
		return fail("%s: prefix %s: given twice", args[0],
			    prefix_print(twice, text));

	if (open_blocklist(b, b->ifname, false))
		return EXIT_FAILURE;
	ret = read_list(b->trie, &c.old);
	for (i = 0; i < c.given.count && !ret; i++) {
		if (!prefixes_have(&c.old, &c.given.at[i]))
			forget_hits(b, &c.given.at[i]);
		else if (!b->replace)
			return fail("%s: prefix %s: already in the list of %s",
				    args[0], prefix_print(&c.given.at[i], text),
				    b->opts.ifname);
	}
	if (!ret && !b->replace)
		ret = merge(&c, true);
	if (!ret)
		ret = exchange_list(b, b->replace ? &c.given : &c.new);
	if (ret)
		return fail("load %s into the list of %s: %s", args[0],
			    b->opts.ifname, change_reason(ret));
	for (i = 0; i < c.old.count && b->replace; i++)
		if (!prefixes_have(&c.given, &c.old.at[i]))
			forget_hits(b, &c.old.at[i]);
	change_free(&c);
	return EXIT_SUCCESS;
}

static int do_list(struct blocklist *b, char **args)
{
	struct prefixes list = {};
	char text[PREFIX_TEXT];
	__u64 *packets;
	size_t i;
	int ret;

	(void)args;
	if (open_blocklist(b, b->ifname, true))
		return EXIT_FAILURE;
	ret = read_list(b->trie, &list);
	packets = calloc(list.count + 1, sizeof(*packets));
	if (!packets && !ret)
		ret = -ENOMEM;
	if (ret)
		return fail("read the list of %s: %s", b->opts.ifname,
			    reason(ret));
	/* Until its first packet a prefix has no counter: its number stays 0. */
	for (i = 0; i < list.count; i++)
		bpf_map__lookup_elem(b->skel->maps.hits, &list.at[i],
				     sizeof(list.at[i]), &packets[i],
				     sizeof(packets[i]), 0);
	give_lock_back(b);

	if (!list.count && !b->json)
		printf(EMPTY_LIST);
	for (i = 0; i < list.count; i++) {
		prefix_print(&list.at[i], text);
		if (b->json)
			printf("{\"prefix\": \"%s\", \"packets\": %llu}\n",
			       text, packets[i]);
		else
			printf("%-24s # %llu packets\n", text, packets[i]);
	}
	free(packets);
	free(list.at);
	return EXIT_SUCCESS;
}

static int do_stats(struct blocklist *b, char **args)
{
	static const char *const names[TOTALS] = {
		[TOTAL_IPV4] = "IPv4",
		[TOTAL_IPV6] = "IPv6",
		[TOTAL_OTHER] = "other",
	};
	struct total totals[TOTALS];
	__u32 i;
	int ret;

	(void)args;
	if (open_blocklist(b, b->ifname, true))
		return EXIT_FAILURE;
	for (i = 0; i < TOTALS; i++) {
		ret = xdp_sum_percpu(b->skel->maps.totals, i,
				     (__u64 *)&totals[i],
				     sizeof(totals[i]) / sizeof(__u64));
		if (ret)
			return fail("read the counters of %s: %s",
				    b->opts.ifname, reason(ret));
	}
	give_lock_back(b);

	if (!b->json)
		printf("%-5s %15s %15s\n", "", "passed", "dropped");
	for (i = 0; i < TOTALS; i++)
		printf(b->json ?
			       "{\"kind\": \"%s\", \"passed\": %llu, \"dropped\": %llu}\n" :
			       "%-5s %15llu %15llu\n",
		       names[i], totals[i].passed, totals[i].dropped);
	return EXIT_SUCCESS;
}

/* Who runs the program: "native", the driver, or "generic", the kernel's core. */
static const char *mode(const struct blocklist *b)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);

	if (bpf_xdp_query(b->opts.ifindex, 0, &query))
		return "unknown";
	return query.attach_mode == XDP_ATTACHED_SKB ? "generic" : "native";
}

static int do_status(struct blocklist *b, char **args)
{
	struct prefixes list = {};
	const char *now;
	int ret;

	if (open_blocklist(b, args[0], true))
		return EXIT_FAILURE;
	ret = read_list(b->trie, &list);
	if (ret)
		return fail("read the list of %s: %s", b->opts.ifname,
			    reason(ret));
	now = mode(b);
	give_lock_back(b);

	printf("interface  %s\n", b->opts.ifname);
	printf("mode       %s\n", now);
	printf("program    %u\n", b->prog_id);
	printf("prefixes   %zu\n", list.count);
	printf("pins       %s\n", b->dir);
	free(list.at);
	return EXIT_SUCCESS;
}

/*
 * Pin a map again whose pin was removed. The program has it still, and knows it by its
 * number. Returns 0 or -errno.
 */
static int mend_pin(const struct blocklist *b, const char *name)
{
	struct bpf_prog_info prog = {};
	struct bpf_map_info map;
	char path[PATH_MAX];
	__u32 ids[8], i, bytes = sizeof(prog);
	int fd, ret;

	if (!access(join(path, b->dir, name), F_OK))
		return 0;
	fd = bpf_prog_get_fd_by_id(b->prog_id);
	if (fd < 0)
		return -errno;
	prog.map_ids = (unsigned long)ids;
	prog.nr_map_ids = sizeof(ids) / sizeof(ids[0]);
	ret = bpf_obj_get_info_by_fd(fd, &prog, &bytes) ? -errno : -ENOENT;
	close(fd);
	/* The kernel says how many maps there are, also if that is more than fit. */
	if (prog.nr_map_ids > sizeof(ids) / sizeof(ids[0]))
		prog.nr_map_ids = sizeof(ids) / sizeof(ids[0]);
	for (i = 0; ret == -ENOENT && i < prog.nr_map_ids; i++) {
		fd = bpf_map_get_fd_by_id(ids[i]);
		bytes = sizeof(map);
		memset(&map, 0, bytes);
		if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &map, &bytes) &&
		    !strcmp(map.name, name))
			ret = bpf_obj_pin(fd, path) ? -errno : 0;
		if (fd >= 0)
			close(fd);
	}
	return ret;
}

/* Open and load, with the maps that are pinned, or pin new ones. Returns a status. */
static int load_pinned(struct blocklist *b)
{
	struct bpf_map *map;
	char path[PATH_MAX];
	int ret = 0;

	b->skel = xdp_blocklist_kern__open();
	if (!b->skel)
		return fail("open xdp_blocklist: %s", reason(errno));
	bpf_object__for_each_map(map, b->skel->obj)
	{
		if (map == b->skel->maps.first_trie)
			continue;
		join(path, b->dir, bpf_map__name(map));
		if (b->link >= 0)
			ret = mend_pin(b, bpf_map__name(map));
		if (!ret)
			ret = bpf_map__set_pin_path(map, path);
		if (ret)
			return fail("pin %s: %s", path, reason(ret));
	}
	ret = xdp_blocklist_kern__load(b->skel);
	if (ret == -EINVAL && b->link >= 0)
		return fail(
			"load xdp_blocklist: %s (made by another version? then detach comes first)",
			xdp_reason(ret));
	if (ret)
		return fail("load xdp_blocklist: %s", xdp_reason(ret));
	return EXIT_SUCCESS;
}

/* Put the new program in the old one's place, in one step. Returns a status. */
static int replace_program(struct blocklist *b)
{
	const char *wanted = b->opts.flags == XDP_FLAGS_DRV_MODE ? "native" :
								   "generic";

	if (b->opts.flags && strcmp(mode(b), wanted))
		return fail(
			"attach to %s: it is attached in %s mode: detach comes first",
			b->opts.ifname, mode(b));
	if (load_pinned(b))
		return EXIT_FAILURE;
	if (bpf_link_update(b->link,
			    bpf_program__fd(b->skel->progs.xdp_blocklist),
			    NULL))
		return fail("replace the program at %s: %s", b->opts.ifname,
			    xdp_reason(errno));
	return EXIT_SUCCESS;
}

/* Pin the maps, attach, pin the link: that makes it last. Returns a status. */
static int attach_first(struct blocklist *b)
{
	bool new = !mkdir(b->dir, 0700);
	char path[PATH_MAX];
	int status, link;

	if (!new &&errno != EEXIST)
		return fail("make %s: %s", b->dir, reason(errno));
	/* What is there is that of an attach that was killed, or lost its link. */
	status = load_pinned(b);
	if (!status) {
		link = xdp_attach(b->skel->progs.xdp_blocklist, &b->opts);
		if (link < 0)
			status = fail("attach to %s: %s", b->opts.ifname,
				      xdp_reason(link));
		else if (bpf_obj_pin(link, join(path, b->dir, "link")))
			status = fail("pin %s: %s", path, reason(errno));
	}
	if (status && new)
		remove_pins(b->dir);
	return status;
}

static int do_attach(struct blocklist *b, char **args)
{
	int ret, status;

	xdp_option_iface(&b->opts, args[0]);
	b->lock = take_lock(false, true);
	if (b->lock < 0)
		return lock_failed(b->lock);
	/* From here to the end, Ctrl-C would leave something behind. */
	xdp_stop_signals();
	for_each_dir(remove_if_dead, NULL);
	ret = find_link(b);
	if (!ret)
		status = replace_program(b);
	else if (ret == -ENOENT)
		status = attach_first(b);
	else
		status = fail("pin %s/link: %s", b->dir, reason(ret));
	rmdir(BASE); /* if there is nothing in it */
	return status;
}

static int do_detach(struct blocklist *b, char **args)
{
	bool is_there;
	int ret;

	b->opts.force = true; /* its default route is in no danger now */
	xdp_option_iface(&b->opts, args[0]);
	b->lock = take_lock(false, false);
	if (b->lock == -ENOENT)
		return fail("%s: not attached", b->opts.ifname);
	if (b->lock < 0)
		return lock_failed(b->lock);
	xdp_stop_signals();
	ret = find_link(b);
	is_there = !access(b->dir, F_OK);
	/* It is detached at once, and that is the step that counts. */
	if (!ret)
		ret = bpf_link_detach(b->link) ? -errno : 0;
	if (ret && ret != -ENOENT)
		return fail("detach from %s: %s", b->opts.ifname, reason(ret));
	if (is_there)
		ret = remove_pins(b->dir);
	for_each_dir(remove_if_dead, NULL);
	rmdir(BASE);
	if (!is_there)
		return fail("%s: not attached", b->opts.ifname);
	if (ret)
		return fail("remove %s: %s", b->dir, reason(ret));
	return EXIT_SUCCESS;
}

static const struct verb {
	const char *name;
	const char *options;
	int min_args;
	int max_args;
	const char *wants;
	int (*run)(struct blocklist *b, char **args);
} verbs[] = {
	{ .name = "attach",
	  .options = "SNFv",
	  .min_args = 1,
	  .max_args = 1,
	  .wants = "one interface",
	  .run = do_attach },
	{ .name = "detach",
	  .options = "v",
	  .min_args = 1,
	  .max_args = 1,
	  .wants = "one interface",
	  .run = do_detach },
	{ .name = "status",
	  .options = "v",
	  .min_args = 1,
	  .max_args = 1,
	  .wants = "one interface",
	  .run = do_status },
	{ .name = "add",
	  .options = "iv",
	  .min_args = 1,
	  .max_args = INT_MAX,
	  .wants = "one prefix or more",
	  .run = do_add },
	{ .name = "del",
	  .options = "iv",
	  .min_args = 1,
	  .max_args = INT_MAX,
	  .wants = "one prefix or more",
	  .run = do_del },
	{ .name = "load",
	  .options = "irv",
	  .min_args = 1,
	  .max_args = 1,
	  .wants = "one file",
	  .run = do_load },
	{ .name = "list",
	  .options = "ijv",
	  .wants = "no argument",
	  .run = do_list },
	{ .name = "stats",
	  .options = "ijv",
	  .wants = "no argument",
	  .run = do_stats },
};

static const struct verb *find_verb(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

int main(int argc, char **argv)
{
	struct blocklist b = { .lock = -1, .link = -1, .trie = -1 };
	const struct verb *verb;
	char given[16] = "";
	char *usage;
	struct statfs fs;
	size_t options = 0;
	int opt, status, n;

	if (asprintf(&usage, USAGE, program_invocation_short_name) < 0)
		errx(EXIT_FAILURE, "start: %s", strerror(ENOMEM));
	while ((opt = getopt(argc, argv, XDP_OPTIONS "i:jr")) != -1) {
		if (opt == 'i')
			b.ifname = optarg;
		else if (opt == 'j')
			b.json = true;
		else if (opt == 'r')
			b.replace = true;
		else
			xdp_option(&b.opts, opt, usage);
		if (!strchr(given, opt))
			given[options++] = opt;
	}
	verb = optind < argc ? find_verb(argv[optind]) : NULL;
	if (optind == argc)
		errx(EXIT_USAGE, "what to do? -h shows the verbs");
	if (!verb)
		errx(EXIT_USAGE, "no verb \"%s\": -h shows the verbs",
		     argv[optind]);
	argv += optind + 1;
	n = argc - optind - 1;
	if (n < verb->min_args || n > verb->max_args)
		errx(EXIT_USAGE, "%s: %s, please: -h shows more", verb->name,
		     verb->wants);
	if (given[strspn(given, verb->options)])
		errx(EXIT_USAGE, "%s: no option -%c there: -h shows more",
		     verb->name, given[strspn(given, verb->options)]);

	if (statfs(BPFFS, &fs) || fs.f_type != BPF_FS_MAGIC)
		errx(EXIT_FAILURE,
		     BPFFS ": no BPF file system: mount -t bpf bpf " BPFFS);

	status = verb->run(&b, argv);
	if (xdp_flush())
		status = EXIT_FAILURE;
	xdp_blocklist_kern__destroy(b.skel);
	free(usage);
	return status;
}
