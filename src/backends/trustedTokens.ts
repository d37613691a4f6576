/** Which coordinators get a token: those that the user named, never whoever a coordinator says is its peer. */

export type TokenFor = (url: string) => string | undefined;

/**
 * `stored` knows the tokens that the user gave, by URL. A URL without one, which a coordinator named, gets that of a
 * configured coordinator on the same host, reached in the same way; any other host gets none.
 */
export function trustedTokens(configured: readonly string[], stored: TokenFor): TokenFor {
  return (url) => {
    const own = stored(url);
    if (own !== undefined) return own;
    const host = hostOf(url);
    if (host === undefined) return undefined;
    for (const known of configured) {
      const token = hostOf(known) === host ? stored(known) : undefined;
      if (token !== undefined) return token;
    }
    return undefined;
  };
}

/** With the protocol: what was given for https is not sent in the clear. */
function hostOf(url: string): string | undefined {
  const parsed = URL.parse(url);
  return parsed ? `${parsed.protocol}//${parsed.hostname}` : undefined;
}
