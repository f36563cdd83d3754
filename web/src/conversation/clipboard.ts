/** The clipboard, which pages without https may fill only by an old way. */

/** Put text there; resolves with whether it is. */
export async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copiedFromField(text);
  }
}

function copiedFromField(text: string): boolean {
  const focused = document.activeElement as HTMLElement | null;
  const field = document.createElement("textarea");
  field.value = text;
  field.style.cssText = "position:fixed;opacity:0";
  const [dialog = document.body] = [...document.querySelectorAll("dialog[open]")].reverse();
  dialog.append(field); // what stands behind a dialog can have no focus
  field.select();
  try {
    return document.execCommand("copy");
  } catch {
    return false;
  } finally {
    field.remove();
    focused?.focus();
  }
}
