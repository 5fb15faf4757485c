/* The style sheets: of a page, in both themes, print, phone; and of a picture, on a page or in a file of its own.
   Colours are custom properties, an arm keeps its own. --d1t and --d2t are the light depth colours made dark enough for
   text. */
#ifndef DPID_REPORT_STYLE_H
#define DPID_REPORT_STYLE_H

static const char dpid_style_colours[] =
    ":root{--page:#fff;--ink:#1b1f24;--muted:#59636e;--rule:#dde3e9;--card:#f5f7f9;--plain:#bc4c00;--identity:#0969b8;-"
    "-witness:#08775a;--d1:#9db8d2;--d2:#4f86b8;--d3:#123f6d;"
    "--d1t:#5a7894;--d2t:#3f74a6;--fill:.12}\n";

static const char *const dpid_style_picture[] = {
    "svg text{font-size:11.5px;fill:var(--muted)}svg .name{font-size:12px}svg "
    ".row{font-size:12px;fill:var(--ink)}svg .label{font-size:12.5px;font-weight:600;"
    "fill:var(--t,var(--c))}\n",
    ".plain{--c:var(--plain)}.identity{--c:var(--identity)}.witness{--c:var(--witness)}.shallow{--c:var(--muted)}."
    "depth1{--c:var(--d1);--t:var(--d1t)}.depth2{--c:var(--d2);--t:var(--d2t)}"
    ".depth3{--c:var(--d3)}\n",
    ".line{fill:none;stroke:var(--c);stroke-linejoin:round;stroke-linecap:round}.line.thin{stroke-width:1;opacity:.4}."
    "line.thick{stroke-width:2.6}.dash{stroke-dasharray:5 4}\n",
    ".band{fill:var(--c);opacity:var(--fill)}.point{fill:var(--c);opacity:.55}.point.thick{opacity:1}.rule{stroke:var(-"
    "-c);stroke-width:1.5;stroke-dasharray:2 4;stroke-linecap:round}"
    ".zone{fill:var(--c);opacity:var(--fill)}.interval{stroke:var(--c);stroke-width:4;stroke-linecap:round}.median{"
    "stroke:var(--c);stroke-width:2.6;stroke-linecap:round}\n",
    ".cell{fill:var(--c);stroke:var(--page);stroke-width:.5}.missing{fill:var(--rule)}.grid{stroke:var(--rule)}.axis{"
    "stroke:var(--muted)}\n",
};

/* In pieces: C promises no more than 4095 characters for one literal. */
static const char *const dpid_style_page[] = {
    "svg{display:block;width:100%;height:auto}\n",
    "@media screen and "
    "(prefers-color-scheme:dark){:root{--page:#0f1317;--ink:#e8edf2;--muted:#9aa5b1;--rule:#2a323b;--card:#171d23;--"
    "plain:#ff9354;--identity:#62b4f5;--witness:#45cba0;--d1:#3c6690;"
    "--d2:#6ea6d9;--d3:#d6e9fb;--d1t:#5d88b4;--d2t:#6ea6d9;--fill:.15}}\n",
    "*{box-sizing:border-box}html{color-scheme:light dark;-webkit-text-size-adjust:100%}\n",
    "body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,-apple-system,'Segoe "
    "UI',Roboto,'DejaVu Sans',sans-serif;font-variant-numeric:tabular-nums;"
    "overflow-wrap:anywhere}\n",
    "main{max-width:1060px;margin:0 auto;padding:40px 24px 64px}\n",
    ".over{margin:0;color:var(--muted);font-size:13px;letter-spacing:.04em}h1{font-size:34px;line-height:1.15;margin:"
    "2px 0 6px;letter-spacing:-.015em;text-wrap:balance}"
    ".subject{margin:0;color:var(--muted);font-size:14px;text-wrap:balance}\n",
    "h2{font-size:19px;line-height:1.3;margin:44px 0 10px}h3{margin:0 0 "
    "2px;font-size:13px;font-weight:600;color:var(--muted)}.text{margin:0 0 12px;max-width:46em}\n",
    ".answer{margin:28px 0 8px;padding:22px 26px;background:var(--card);border-left:4px solid "
    "var(--plain);border-radius:4px}.answer p{margin:0;font-size:21px;line-height:1.42;max-width:46em;"
    "text-wrap:pretty}.answer .more{margin-top:8px;color:var(--muted);font-size:17px}\n",
    "pre{font:13px/1.5 ui-monospace,'DejaVu Sans Mono',monospace;background:var(--card);padding:12px "
    "14px;border-radius:4px;white-space:pre-wrap;margin:8px 0 12px}\n",
    "table{border-collapse:collapse}th,td{text-align:left;border-bottom:1px solid var(--rule)}\n",
    ".scroll{overflow-x:auto;max-width:100%}.numbers{font-size:13.5px}.numbers th,.numbers td{padding:5px 14px 5px "
    "0;text-align:right;white-space:nowrap}.numbers thead th{font-weight:500;"
    "color:var(--muted);font-size:12.5px}.numbers tbody th{font-weight:400}.numbers th:first-child{text-align:left}\n",
    ".sides{font-size:13.5px;width:100%}.sides th,.sides td{padding:5px 14px 5px 0;vertical-align:top;font-weight:400}"
    ".sides thead th{color:var(--muted);font-size:12.5px}.sides th{overflow-wrap:break-word}\n",
    ".evidence{width:100%;font-size:15px}.evidence th,.evidence td{padding:12px 20px 12px "
    "0;vertical-align:top}.evidence thead th{font-size:12.5px;font-weight:500;color:var(--muted);"
    "padding-bottom:6px}.evidence tbody th{font-weight:600;width:17em}.evidence .reason "
    "th{padding-left:18px}.evidence .chip{margin-top:4px}.effect{width:13em;white-space:nowrap}.effect "
    "svg{display:block;width:150px;height:26px;margin-bottom:2px}.effect "
    "small{color:var(--muted)}.evidence .why{color:var(--muted);font-size:14px;padding-right:0}.why "
    "span{display:block;max-width:44em}.why .settle{font-style:italic;margin-top:2px}\n",
    ".chip{display:inline-block;font-size:13px;font-weight:600;padding:1px 10px;border-radius:99px;border:1.5px solid "
    "var(--muted);white-space:nowrap}.chip.confirmed{background:var(--plain);"
    "border-color:var(--plain);color:var(--page)}.chip.contributes{border-color:var(--plain);color:var(--plain)}.chip."
    "refuted{color:var(--muted)}.chip.undecided{border-style:dashed}.chip.minor{border-style:dotted;color:var(--ink)}"
    ".chip.not_applicable{border-color:transparent;padding-left:0;font-weight:400;color:var(--muted)}\n",
    ".figures{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:40px "
    "32px}figure{margin:0;min-width:0;break-inside:avoid;display:flex;flex-direction:column}figure.wide{grid-column:1/"
    "-1}"
    ".pair{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:32px}\n",
    "figcaption b{display:block;font-size:16px;line-height:1.35;text-wrap:pretty}figcaption "
    "span{display:block;color:var(--muted);font-size:13.5px;line-height:1.45;margin:2px 0 10px}\n",
    ".below{display:flex;justify-content:space-between;align-items:baseline;gap:16px;margin-top:2px;font-size:12px;"
    "color:var(--muted)}.below p{margin:0 0 0 auto}details{min-width:0}"
    "summary{cursor:pointer}details "
    ".scroll{max-height:420px;overflow:auto;margin-top:6px}.missing-figures{color:var(--muted);font-size:14px;margin-"
    "top:28px}\n",
    "footer{margin-top:48px;border-top:1px solid var(--rule);padding-top:14px;color:var(--muted);font-size:14px}\n",
    "@media screen and (max-width:720px){main{padding:24px 16px 48px}h1{font-size:27px}.answer{padding:16px "
    "18px}.answer p{font-size:18px}.answer .more{font-size:16px}"
    ".figures,.pair{grid-template-columns:minmax(0,1fr)}}\n",
    "@media screen and (max-width:900px){.evidence,.evidence tbody,.evidence tr,.evidence td,.evidence tbody "
    "th{display:block;width:100%;border:0;padding:0}"
    ".evidence thead{display:none}.evidence tr{border-bottom:1px solid var(--rule);padding:12px 0}.evidence "
    "td{padding-top:5px}.effect{white-space:normal}.evidence .reason{padding-left:14px}"
    ".evidence .reason th{padding-left:0}}\n",
    "@media print{main{max-width:none;padding:0}details{display:none}.figures{gap:22px 24px}figcaption "
    "b{font-size:13px}figcaption span{font-size:11px;margin-bottom:4px}"
    ".answer p{font-size:17px}.answer .more{font-size:14px}.evidence{font-size:12.5px}.evidence th,.evidence "
    "td{padding:5px 10px 5px 0}.why{font-size:12px}"
    ".chip{font-size:11px}h2{margin-top:26px;break-after:avoid}tr,.answer{break-inside:avoid}}\n",
};

#endif
