/** The version of the product, as every process of it reports; a test holds it to package.json. */

export const version = '0.1.0';
