/** The page of the Task Timeline: an empty frame that runs one script of ours and loads nothing else. */

export interface TimelinePage {
  readonly nonce: string;
  readonly cspSource: string;
  readonly script: string;
  readonly style: string;
}

export function timelineHtml({ nonce, cspSource, script, style }: TimelinePage): string {
  const policy = `default-src 'none'; style-src ${cspSource}; script-src 'nonce-${nonce}'`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${style}">
<title>Task Timeline</title>
</head>
<body>
<h1 id="title"></h1>
<p id="legend" aria-hidden="true"></p>
<p id="hint" role="status"></p>
<div id="chart">
<div id="axis" aria-hidden="true"></div>
<div id="lanes" role="list" aria-label="Workers"></div>
</div>
<script nonce="${nonce}" src="${script}"></script>
</body>
</html>`;
}
