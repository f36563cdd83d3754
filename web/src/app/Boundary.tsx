/** Catches what breaks while a part of the page is rendered, so that the rest of it stays. */

import { Component, type ReactNode } from "react";
import { Button } from "../look/Button";
import { Notice } from "./Notice";

interface BoundaryProps {
  /** What is in it, as the beginning of a sentence. */
  what: string;
  /** What shows in its place; a notice with ways on, unless given. */
  instead?: ReactNode;
  children: ReactNode;
}

export class Boundary extends Component<BoundaryProps, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: unknown) {
    return { error: error instanceof Error ? error : new Error(`${error}`) };
  }

  /** What breaks now may be well once there is more of it. */
  override componentDidUpdate(before: BoundaryProps) {
    if (this.state.error && before.children !== this.props.children) this.setState({ error: null });
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (!error) return this.props.children;
    if (this.props.instead !== undefined) return this.props.instead;
    return (
      <Notice title={`${this.props.what} could not be shown`} text={`Nothing is lost. What went wrong: ${error.message}`}>
        <Button kind="primary" onClick={() => this.setState({ error: null })}>
          Show it again
        </Button>
        <Button onClick={() => location.reload()}>Reload the page</Button>
      </Notice>
    );
  }
}
