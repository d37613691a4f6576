/** The bytes of an S3 answer as a stream that knows how many there must be. */

import { type Readable, Transform, type TransformCallback } from 'node:stream';
import { asError } from './fileError.ts';
import { s3Error, type S3Place } from './s3Error.ts';
import { StoreError } from './storeError.ts';

/**
 * Passes `source` on. A transfer that ends before `expectedBytes` ends in `unreachable`, an aborted `signal` in its
 * reason; either way, and when it is destroyed, the connection is closed.
 */
export class S3Body extends Transform {
  readonly #source: Readable;
  readonly #expectedBytes: number;
  readonly #place: S3Place;
  readonly #signal: AbortSignal | undefined;
  #seenBytes = 0;

  constructor(source: Readable, expectedBytes: number, place: S3Place, signal: AbortSignal | undefined) {
    super({ readableHighWaterMark: 256 * 1024 });
    this.#source = source;
    this.#expectedBytes = expectedBytes;
    this.#place = place;
    this.#signal = signal;
    source.once('error', (error) => {
      const failure = s3Error(error, 'read', place);
      this.destroy(failure.code === 'unreachable' ? this.#cutShort(failure) : failure);
    });
    source.once('close', () => {
      if (!source.readableEnded) this.destroy(this.#cutShort());
    });
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (signal?.aborted) this.#onAbort();
    else source.pipe(this);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#seenBytes += chunk.length;
    done(null, chunk);
  }

  override _flush(done: TransformCallback): void {
    done(this.#seenBytes === this.#expectedBytes ? null : this.#cutShort());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#source.destroy();
    done(error);
  }

  readonly #onAbort = (): void => {
    this.destroy(asError(this.#signal?.reason));
  };

  #cutShort(cause?: StoreError): StoreError {
    return new StoreError(
      'unreachable',
      `The transfer of '${this.#place.key ?? ''}' from bucket '${this.#place.bucket}' was cut after ` +
        `${this.#seenBytes} of ${this.#expectedBytes} bytes. Try again.`,
      cause ? { cause } : {},
    );
  }
}
