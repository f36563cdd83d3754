/** A picture from elsewhere: nothing is loaded before the reader asks, since loading tells its host who looks on. */

import { Image as ImageIcon } from "lucide-react";
import { useState } from "react";
import { pictured } from "./addresses";
import { Link } from "./Link";
import styles from "./Picture.module.css";

/**
 * @param name - what it shows, if that was said
 */
export function Picture({ src, name }: { src: string; name: string }) {
  const [asked, setAsked] = useState(false);
  const [broken, setBroken] = useState(false);
  const address = pictured(src);
  if (!address) {
    const text = name ? `Image: ${name}` : "An image that cannot be shown";
    return (
      <span className={styles.inert}>
        <Link href={src}>{text}</Link>
      </span>
    );
  }
  const { host } = new URL(address);
  if (broken) return <span className={styles.inert}>{`The image from ${host} could not be loaded.`}</span>;
  if (asked) {
    return (
      <a className={styles.frame} href={address} target="_blank" rel="noopener noreferrer nofollow">
        <img
          className={styles.image}
          src={address}
          alt={name}
          loading="lazy"
          decoding="async"
          referrerPolicy="no-referrer"
          onError={() => setBroken(true)}
        />
      </a>
    );
  }
  return (
    <button type="button" className={styles.ask} title={address} onClick={() => setAsked(true)}>
      <ImageIcon size={15} aria-hidden="true" />
      <span>
        Show image from {host}
        {name && <span className={styles.name}>{name}</span>}
      </span>
    </button>
  );
}
