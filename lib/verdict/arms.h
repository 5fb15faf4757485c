/* How arms are called, whoever trained them: in a sentence, in a figure; their colour, and where a page shows them.
   What the rules make of each word: verdict/evidence.h. */
#ifndef DPID_VERDICT_ARMS_H
#define DPID_VERDICT_ARMS_H

#include <stdbool.h>
#include <stdint.h>

/* Where a page shows an arm: in the curves by epoch and over depth, among final losses, among shares of the gap. */
enum { DPID_SHOW_CURVE = 1, DPID_SHOW_LOSS = 2, DPID_SHOW_SHARE = 4 };

typedef struct {
    const char *word;  /* "D64", or of all members of a set that have no row of their own "D_start:*" */
    const char *said;  /* in a sentence: "another start (*)"; NULL: "arm WORD" */
    const char *label; /* in a figure; "" for the nets of the curve over depth */
    const char *role;  /* its colour: shallow, plain, witness or identity */
    int32_t shows;     /* DPID_SHOW_... */
} dpid_arm_words;

const dpid_arm_words *dpid_arm_words_of(const char *word); /* NULL: no word that the rules or a page know */
const char *dpid_arm_words_at(int64_t i);                  /* the words of the rows; NULL past the end */

typedef struct {
    char text[128]; /* as much of it as fits */
} dpid_arm_text;
dpid_arm_text dpid_arm_said(const char *word);  /* "" where a sentence says "arm WORD" */
dpid_arm_text dpid_arm_label(const char *word); /* of a word without a row the word itself */

#endif
