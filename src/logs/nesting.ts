/** How deep JSON text is nested: what descends into it by recursion must not be led past the end of the stack. */

/** For valid JSON. */
export function isNestedDeeperThan(limit: number, json: string): boolean {
  // Each level takes two characters.
  if (json.length <= limit * 2) return false;
  let depth = 0;
  for (let at = 0; at < json.length; at++) {
    switch (json.charCodeAt(at)) {
      case 0x22:
        at = endOfString(json, at);
        break;
      case 0x5b:
      case 0x7b:
        if (++depth > limit) return true;
        break;
      case 0x5d:
      case 0x7d:
        depth--;
        break;
      default:
    }
  }
  return false;
}

/** The index of the quote that ends the string starting at `at`. */
export function endOfString(json: string, at: number): number {
  for (;;) {
    at = json.indexOf('"', at + 1);
    if (at < 0) return json.length;
    let backslashes = 0;
    while (json[at - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return at;
  }
}
