/** Hands out the address of a thread; each resolves with what to say of it, or with nothing. */

import { copied } from "../conversation/clipboard";

/** Puts it where it can be pasted from. */
export const copiedLink = async (address: string): Promise<string> =>
  (await copied(address)) ? "The link is copied." : `This browser does not let us copy. The link: ${address}`;

/** Whether the device has its own way, with all its apps. */
export const canShare = (): boolean => "share" in navigator;

/** Gives it to an app that the reader chooses. */
export async function shared(title: string, address: string): Promise<string | null> {
  try {
    await navigator.share({ title, url: address });
    return null;
  } catch (error) {
    return (error as Error).name === "AbortError" ? null : copiedLink(address); // they chose none
  }
}
