type Numbers = Float64Array | Uint32Array | Int32Array;

/** The values at some places, into `picked`. */
export function pick<Picked extends Numbers>(values: Numbers, places: Uint32Array, picked: Picked): Picked {
  for (let at = 0; at < places.length; at++) picked[at] = values[places[at] as number] as number;
  return picked;
}
