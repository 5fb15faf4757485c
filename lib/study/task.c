/* What a task holds in memory: a result as it grows, and letting go of it. */
#include "study/study.h"

bool dpid_task_has_result(const dpid_task *task)
{
    return task->state == DPID_TASK_DONE && !task->reason && !task->spared;
}

int32_t dpid_task_add_point(deepid_ctx *ctx, dpid_task *task, dpid_history point)
{
    enum { FIRST = 16 };
    if (task->points == task->room) {
        const int64_t room = task->room ? 2 * task->room : FIRST;
        DPID_TRY(dpid_grow(ctx, &task->history, task->points, room, sizeof *task->history, "history"));
        task->room = room;
    }
    task->history[task->points++] = point;
    return DEEPID_OK;
}

void dpid_task_forget(deepid_study *study, dpid_task *task)
{
    dpid_free(task->ctx ? task->ctx : study->head.ctx, task->history);
    dpid_free(task->ctx ? task->ctx : study->head.ctx, task->reason);
    deepid_table_destroy(task->table);
    deepid_net_destroy(task->trained);
    deepid_ctx_destroy(task->ctx);
    task->history = NULL;
    task->reason = NULL;
    task->table = NULL;
    task->trained = NULL;
    task->ctx = NULL;
    task->points = task->room = 0;
    task->diverged = false;
}

void dpid_tasks_forget(deepid_study *study)
{
    for (int64_t i = 0; i < study->tasks; i++) {
        dpid_task_forget(study, &study->task[i]);
        dpid_free(study->head.ctx, study->task[i].config);
    }
    dpid_arena_release(&study->plan);
}

void dpid_study_forget(deepid_study *study)
{
    dpid_tasks_forget(study);
    dpid_choice_forget(study);
    study->plan = (dpid_arena){.ctx = study->head.ctx};
    study->arm = NULL;
    study->task = NULL;
    study->arms = 0;
    study->tasks = study->nets = 0;
}
