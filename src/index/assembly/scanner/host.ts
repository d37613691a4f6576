/** What the scanner asks its host, which knows what records mean: seldom, and with places in memory for texts. */

/** Epoch ms of a text; NaN where it is no time. */
export declare function timeOfText(start: usize, size: u32): f64;

/** Epoch ms of a plain number; NaN where it is no time. */
export declare function timeOfNumber(start: usize, size: u32): f64;

/** Spells epoch ms in decimal at `to`, which has room for 24 bytes. @returns its size. */
export declare function spellMoment(ms: f64, to: usize): u32;

/**
 * Tells what a key means within another and remembers it as the next: its kind, the number of its column times 2⁸, and times 2¹⁶ the size of
 * `path ␟`, which is written to `path`.
 */
export declare function describeKey(parent: u32, start: usize, size: u32, path: usize, room: u32): u32;
