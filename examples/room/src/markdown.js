import { Marked, Renderer } from "marked";

const escaped = (text) =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** What somebody wrote may lead to the web or to a mail program, and nowhere else. */
function followed(href) {
  try {
    const { protocol } = new URL(href); // throws if it is relative: it would lead into this page
    return /^(https?|mailto):$/.test(protocol);
  } catch {
    return false;
  }
}

function link(href, content) {
  if (!followed(href)) return content;
  return `<a href="${escaped(href)}" target="_blank" rel="noopener noreferrer nofollow">${content}</a>`;
}

const marked = new Marked({
  gfm: true,
  breaks: true,
  renderer: {
    html: ({ text }) => escaped(text), // shown as it was written, never obeyed
    code: ({ text }) => `<pre tabindex="0"><code>${escaped(text)}</code></pre>`,
    checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
    table(token) {
      return `<div class="wide" tabindex="0">${Renderer.prototype.table.call(this, token)}</div>`;
    },
    link({ href, tokens }) {
      return link(href, this.parser.parseInline(tokens));
    },
    // A picture that loads by itself tells its host who is reading: it becomes a link.
    image: ({ href, text }) => link(href, escaped(text || href)),
  },
});

/** Markdown as HTML in which nothing comes from the text but text. */
export const markdown = (text) => marked.parse(text);
