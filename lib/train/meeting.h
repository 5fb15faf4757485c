/* What ranks say to each other beside gradients: that they are alike, that one was asked to stop, that one failed. */
#ifndef DPID_TRAIN_MEETING_H
#define DPID_TRAIN_MEETING_H

#include "train/trainer.h"

/* The caller's function, or nothing where there are no others. what: "gradients", for the sentence of a failure. */
int32_t dpid_exchange(deepid_trainer *trainer, int32_t how, int64_t *numbers, int64_t count, const char *what);
/* How a status travels: the largest of all ranks' is read, by all alike. */
int64_t dpid_status_written(const deepid_trainer *trainer, int32_t status);
/* DEEPID_OK, this rank's own failure with its sentence, or that of another rank. */
int32_t dpid_status_read(deepid_trainer *trainer, int32_t own, int64_t written);
/* All ranks are alike, and where one fails, so do all. */
int32_t dpid_meet(deepid_trainer *trainer, int32_t status);
/* Returns status; a failure is told to the others, at the meeting that they are in. */
int32_t dpid_tell(deepid_trainer *trainer, int32_t status);

#endif
