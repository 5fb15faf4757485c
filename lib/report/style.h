/* The style sheet of a report: both themes, print, phone. Colours are custom properties, an arm keeps its own. */
#ifndef DPID_REPORT_STYLE_H
#define DPID_REPORT_STYLE_H

static const char dpid_style[] =
    ":root{--page:#fff;--ink:#1b1f24;--muted:#59636e;--rule:#dde3e9;--card:#f5f7f9;--plain:#bc4c00;--identity:#0969b8;--witness:#08775a;--d1:#9db8d2;--d2:#4f86b8;--d3:#123f6d;--fill:.12}\n"
    "@media(prefers-color-scheme:dark){:root{--page:#0f1317;--ink:#e8edf2;--muted:#9aa5b1;--rule:#2a323b;--card:#171d23;--plain:#ff9354;--identity:#62b4f5;--witness:#45cba0;--d1:#3c6690;"
    "--d2:#6ea6d9;--d3:#d6e9fb;--fill:.15}}\n"
    "*{box-sizing:border-box}html{color-scheme:light dark}\n"
    "body{margin:0 auto;max-width:1000px;padding:32px 20px 64px;background:var(--page);color:var(--ink);font:16px/1.55 system-ui,-apple-system,'Segoe UI',Roboto,'Liberation Sans',sans-serif;"
    "overflow-wrap:anywhere}\n"
    "h1{font-size:30px;line-height:1.2;margin:0 0 8px}h2{font-size:20px;line-height:1.3;margin:44px 0 8px}p{margin:0 0 12px}\n"
    ".subject,.how,figcaption,details{color:var(--muted);font-size:14px}.answer{font-size:20px;line-height:1.45;margin:24px 0 8px;padding:16px 20px;background:var(--card);border-left:4px solid "
    "var(--identity);border-radius:0 6px 6px 0}\n"
    "pre{font:13px/1.5 ui-monospace,'DejaVu Sans Mono',monospace;background:var(--card);padding:12px 14px;border-radius:6px;white-space:pre-wrap}\n"
    "figure{margin:36px 0 0;break-inside:avoid}figure h2{margin-top:0}.pair{display:grid;grid-template-columns:1fr 1fr;gap:20px}.one{max-width:520px}.pair h3{font-size:14px;margin:8px 0 0;"
    "font-weight:600}\n"
    "svg{display:block;width:100%;height:auto;font:12px system-ui,-apple-system,'Segoe UI',Roboto,'Liberation Sans',sans-serif}\n"
    "table{border-collapse:collapse;font-size:14px;font-variant-numeric:tabular-nums}th,td{padding:5px 12px 5px 0;text-align:right;border-bottom:1px solid var(--rule);vertical-align:top}"
    "th:first-child,td:first-child{text-align:left}table{overflow-wrap:normal}td{white-space:nowrap}th{font-weight:600;color:var(--muted)}.wide{overflow-x:auto;max-width:100%}\n"
    "details,figure+p{margin-top:8px}figure+p{margin-top:28px}summary{cursor:pointer}details .wide{max-height:420px;overflow:auto}\n"
    ".plain{--c:var(--plain)}.identity{--c:var(--identity)}.witness{--c:var(--witness)}.shallow{--c:var(--muted)}.depth1{--c:var(--d1)}.depth2{--c:var(--d2)}.depth3{--c:var(--d3)}\n"
    ".line{fill:none;stroke:var(--c);stroke-linejoin:round;stroke-linecap:round}.line.thin{stroke-width:1;opacity:.45}.line.thick{stroke-width:2.6}.dash{stroke-dasharray:5 4}\n"
    ".band{fill:var(--c);opacity:var(--fill)}.point{fill:var(--c);opacity:.6}.point.thick{opacity:1}.rule{stroke:var(--c);stroke-width:1.5;stroke-dasharray:2 4}\n"
    ".grid{stroke:var(--rule)}.axis{stroke:var(--muted)}.tick,.name{fill:var(--muted)}.name{font-weight:600}.label{fill:var(--c);font-weight:600}\n"
    "@media(max-width:720px){.pair{grid-template-columns:1fr}h1{font-size:25px}.answer{font-size:18px}body{padding:20px 14px 48px}}\n"
    "@media print{body{max-width:none;padding:0}details{display:none}figure{margin-top:20px}}\n";

#endif
