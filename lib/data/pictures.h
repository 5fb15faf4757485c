/* A folder of pictures, a folder a class. pictures_folder.c finds the files, pictures.c makes a dataset of them,
   pictures_words.c tells what was read. */
#ifndef DPID_DATA_PICTURES_H
#define DPID_DATA_PICTURES_H

#include "data/picture.h"

typedef struct {
    const char *path;
    int64_t label;
    dpid_picture look;
} dpid_picture_file;

/* What was found below a folder. */
typedef struct {
    dpid_arena arena;
    const char *folder;
    int64_t classes;
    const char **class_name; /* in the order of classes: numbers by their size, then texts by their bytes */
    dpid_picture_file *file; /* by class, then by path */
    int64_t count, room;
    int64_t passed;      /* other files, which are no pictures */
    bool drop;           /* damaged files, instead of refusing them */
    const char *damaged; /* what is wrong with the first that was dropped; NULL: none was */
    int64_t dropped;
    const char *empty; /* a folder without pictures, which is no class; NULL: there is none */
    int64_t empties;   /* how many of them */
} dpid_pictures;

/* "train" and "test" of a folder that is divided so; else the folder itself, and NULL. `unread`: names of folders
   beside them that are not read, joined by commas; NULL: there are none. */
typedef struct {
    dpid_arena arena;
    const char *train, *valid, *unread;
} dpid_picture_parts;

int32_t dpid_pictures_find_parts(const char *folder, dpid_picture_parts *parts);
/* Finds the files of one part and looks at each. */
int32_t dpid_pictures_find(deepid_ctx *ctx, const char *folder, bool drop, dpid_pictures *out);
/* The status of a file that cannot be read; DEEPID_OK, and it is counted, where it is damaged and such are dropped. */
int32_t dpid_pictures_drop(dpid_pictures *pictures, int32_t status);
void dpid_pictures_release(dpid_pictures *pictures);

/* The line on what was read, and the warnings; see_through: pictures whose alpha was left out. */
int32_t dpid_pictures_words(const dpid_pictures *pictures, const dpid_picture_fit *fit, const char *unread,
                            int64_t see_through, dpid_legend *legend);

/* As deepid_dataset_load_pictures; classes have the numbers that they have in like, unless it is NULL. */
int32_t dpid_pictures_load(deepid_ctx *ctx, const char *folder, const char *options, const deepid_dataset *like,
                           deepid_dataset **train, deepid_dataset **valid);

#endif
