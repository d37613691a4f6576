/** JSON values as they come from outside, and the guards that look into them. */

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Parses text that may be anything; `undefined` when it is not JSON. */
export function parseJson(text: string): Json | undefined {
  try {
    // JSON.parse returns nothing but JSON values.
    return JSON.parse(text) as Json;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
