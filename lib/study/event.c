/* What a callback may ask of an event. */
#include "study/study.h"

#include <math.h>

int64_t deepid_study_event_tasks(const deepid_study_event *event)
{
    return dpid_is(event, DPID_MAGIC_STUDY_EVENT) ? event->tasks : -1;
}

int64_t deepid_study_event_tasks_done(const deepid_study_event *event)
{
    return dpid_is(event, DPID_MAGIC_STUDY_EVENT) ? event->done : -1;
}

double deepid_study_event_share(const deepid_study_event *event)
{
    return dpid_is(event, DPID_MAGIC_STUDY_EVENT) ? event->share : (double)NAN;
}

double deepid_study_event_seconds(const deepid_study_event *event)
{
    return dpid_is(event, DPID_MAGIC_STUDY_EVENT) ? event->seconds : (double)NAN;
}

double deepid_study_event_seconds_left(const deepid_study_event *event)
{
    return dpid_is(event, DPID_MAGIC_STUDY_EVENT) ? event->seconds_left : (double)NAN;
}

const char *deepid_study_event_text(const deepid_study_event *event)
{
    return dpid_is(event, DPID_MAGIC_STUDY_EVENT) ? event->text : "";
}
