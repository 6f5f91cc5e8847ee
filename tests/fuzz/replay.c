/* Runs a fuzz target over files, for builds without libFuzzer: the fast tests replay the corpora.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SIZE_MAX_BYTES (256u << 10)

static int replay(const char *path)
{
	FILE *file = fopen(path, "r");
	if (!file)
		return 0;
	uint8_t *data = malloc(SIZE_MAX_BYTES);
	size_t len = data ? fread(data, 1, SIZE_MAX_BYTES, file) : 0;
	fclose(file);
	/* exactly as long as it is, so that reading past the end is seen */
	uint8_t *exact = malloc(len ? len : 1);
	if (data && exact) {
		memcpy(exact, data, len);
		LLVMFuzzerTestOneInput(exact, len);
	}
	free(exact);
	free(data);
	return 1;
}

int main(int argc, char **argv)
{
	int count = 0;
	for (int i = 1; i < argc; i++) {
		DIR *dir = opendir(argv[i]);
		struct dirent *entry;
		char path[4096];
		while (dir && (entry = readdir(dir))) {
			snprintf(path, sizeof(path), "%s/%s", argv[i], entry->d_name);
			if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
				count += replay(path);
		}
		if (dir)
			closedir(dir);
	}
	printf("%d inputs\n", count);
	return count > 0 ? 0 : 1;
}
