/*
 * What is found out about the Smart Card service from files and its socket: the parts that no
 * command shows while no service answers.
 *
 * Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
 */
#include "harness.h"
#include "tokens/tokens.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define TIMEOUT_MS 300

static struct smartcard_service service;

static const char *below(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", harness_directory(), name);
	return path;
}

/* A file below the root, with the folders that it needs. */
static void put(const char *name, const char *text)
{
	char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", harness_directory(), name);
	for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
	f = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	CU_ASSERT_EQUAL(fclose(f), 0);
}

static void look(void)
{
	setenv("PCSCLITE_CSOCK_NAME", below("socket"), 1);
	smartcard_service_look(harness_directory(), TIMEOUT_MS, &service);
}

static void test_empty_root(void)
{
	look();
	CU_ASSERT_STRING_EQUAL(service.program, "");
	CU_ASSERT_STRING_EQUAL(service.usb_reader, "");
	CU_ASSERT_FALSE(service.has_driver);
	CU_ASSERT_EQUAL(service.init, SMARTCARD_NO_INIT);
	CU_ASSERT_EQUAL(service.start, SMARTCARD_NOT_KNOWN);
	CU_ASSERT_EQUAL(service.n_readers, 0);
	CU_ASSERT_TRUE(service.socket_named);
	CU_ASSERT_STRING_EQUAL(service.socket, below("socket"));
	CU_ASSERT_EQUAL(service.socket_errno, ENOENT);
	CU_ASSERT_EQUAL(service.answer, SMARTCARD_NOT_RUNNING);
	CU_ASSERT_NOT_EQUAL(service.code, 0);
}

static void test_usb(void)
{
	put("sys/bus/usb/devices/1-1:1.0/bInterfaceClass", "03\n");
	put("sys/bus/usb/devices/1-1/idVendor", "046d\n");
	look();
	CU_ASSERT_STRING_EQUAL(service.usb_reader, "");
	put("sys/bus/usb/devices/1-4:1.0/bInterfaceClass", "0b\n");
	look();
	CU_ASSERT_STRING_EQUAL(service.usb_reader, "USB 1-4");
	put("sys/bus/usb/devices/1-4/product", "eToken\x1b[2J 5110\n");
	look();
	CU_ASSERT_STRING_EQUAL(service.usb_reader, "eToken\\x1B[2J 5110");
	put("sys/bus/usb/devices/1-4/manufacturer", "SafeNet\n");
	put("sys/bus/usb/devices/1-4/product", "eToken 5110\n");
	look();
	CU_ASSERT_STRING_EQUAL(service.usb_reader, "SafeNet eToken 5110");
	CU_ASSERT_EQUAL(unlink(below("sys/bus/usb/devices/1-4:1.0/bInterfaceClass")), 0);
	put("sys/bus/usb/devices/1-4/idVendor", "0529\n");
	look();
	CU_ASSERT_STRING_EQUAL(service.usb_reader, "SafeNet eToken 5110");
}

static void test_driver(void)
{
	put("usr/lib/pcsc/drivers/README", "");
	look();
	CU_ASSERT_FALSE(service.has_driver);
	put("usr/lib/pcsc/drivers/ifd-ccid.bundle/Contents/Info.plist", "x");
	look();
	CU_ASSERT_TRUE(service.has_driver);
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CU_ASSERT_FATAL(strlen(path) < sizeof(address.sun_path));
	memcpy(address.sun_path, path, strlen(path) + 1);
	CU_ASSERT_EQUAL_FATAL(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	CU_ASSERT_EQUAL_FATAL(listen(fd, 4), 0);
	return fd;
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The thread that waits for the answer comes back when the listener closes. */
static void test_silent(void)
{
	int fd = listen_at(below("socket"));
	double begin = seconds();

	look();
	CU_ASSERT_EQUAL(service.socket_errno, 0);
	CU_ASSERT_EQUAL(service.answer, SMARTCARD_NO_ANSWER);
	CU_ASSERT_EQUAL(service.code, 0);
	CU_ASSERT_TRUE(seconds() - begin >= 0.25);
	CU_ASSERT_TRUE(seconds() - begin < 5);
	close(fd);
	for (int i = 0; i < 200 && tokens_wedged(); i++)
		usleep(20000);
	CU_ASSERT_FALSE(tokens_wedged());
	look();
	CU_ASSERT_EQUAL(service.socket_errno, ECONNREFUSED);
	CU_ASSERT_EQUAL(service.answer, SMARTCARD_NOT_RUNNING);
	unlink(below("socket"));
}

int main(void)
{
	static const struct harness_test tests[] = {
	    {"nothing is found where nothing is", test_empty_root},
	    {"readers on the USB are found by class or vendor", test_usb},
	    {"a driver is a bundle or a library", test_driver},
	    {"a service that is silent is given up in time", test_silent},
	};

	return harness_main("tokens service", tests, HARNESS_COUNT(tests));
}
