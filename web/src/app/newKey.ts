/** Names a call that may be made again; unlike `crypto.randomUUID` this works without https, too. */
export const newKey = (): string => crypto.getRandomValues(new Uint32Array(4)).join("-");
