/** @file deepid.h  All of deepid. */
#ifndef DEEPID_DEEPID_H
#define DEEPID_DEEPID_H

#include <deepid/activations.h>
#include <deepid/allreduce.h>
#include <deepid/basin.h>
#include <deepid/builder.h>
#include <deepid/certificate.h>
#include <deepid/chart.h>
#include <deepid/compare.h>
#include <deepid/compute.h>
#include <deepid/context.h>
#include <deepid/data.h>
#include <deepid/data_files.h>
#include <deepid/deepen.h>
#include <deepid/evidence.h>
#include <deepid/fit.h>
#include <deepid/identity.h>
#include <deepid/inspect.h>
#include <deepid/losses.h>
#include <deepid/net.h>
#include <deepid/onnx.h>
#include <deepid/ops.h>
#include <deepid/page.h>
#include <deepid/parameter.h>
#include <deepid/precision.h>
#include <deepid/report.h>
#include <deepid/resnet.h>
#include <deepid/statistics.h>
#include <deepid/status.h>
#include <deepid/study.h>
#include <deepid/table.h>
#include <deepid/tensor.h>
#include <deepid/train.h>
#include <deepid/verdict.h>

#endif
