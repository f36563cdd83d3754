/** Shows text as it was written where it cannot be shown any better, so that no message ever takes another along. */

import { Component, type ReactNode } from "react";
import styles from "./Message.module.css";

interface OrPlainProps {
  text: string;
  children: ReactNode;
}

export class OrPlain extends Component<OrPlainProps, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <p className={styles.written} dir="auto">
        {this.props.text || "This page cannot show this."}
      </p>
    );
  }
}
