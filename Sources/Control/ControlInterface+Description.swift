// SPDX-License-Identifier: Apache-2.0

extension ControlInterface {
  /// The interface in Varlink's interface language, as `GetInterfaceDescription` gives it;
  /// `Documentation/org.certrotd.control.varlink` holds the same text.
  package static let description = """
    # What the running certrotd does for other programs of its host. Times are ISO 8601 in UTC.
    # Whoever may connect may look; methods that act are for root and the user of the daemon.
    interface org.certrotd.control

    # How one thing of the configuration stands: kind is "endpoint", "service key" or "keystore".
    # state is ok, due, renewing, failing, expiring, expired, waiting, incomplete or held.
    type Subject (
      kind: string,
      name: string,
      state: string,
      reason: string,
      breaks: ?string,
      breaks_what: ?string,
      last_attempt: ?string,
      last_success: ?string,
      next_attempt: ?string,
      next_what: ?string,
      missing: []string
    )

    # What happened while something was renewed; event is a name from the list of events.
    type Step (at: string, kind: string, name: string, event: ?string, message: string)

    # renewed: something new is in force. unchanged: all is well, there was nothing to renew. failed: it is tried
    # again at next_attempt. underway: it goes on, and nobody waits for it any longer.
    type Outcome (result: (renewed, unchanged, failed, underway), message: string, next_attempt: ?string)

    # A key on the platform. state is what the platform says; owner is ours, orphan for one of ours that nothing uses,
    # peer for one of another certrotd, or other; use is in-force, in-flight or retiring; ends is known for keys that
    # certrotd has seen.
    type Key (
      guid: string,
      name: string,
      state: string,
      owner: string,
      use: ?string,
      created: ?string,
      ends: ?string,
      reason: ?string
    )

    # Whether the daemon answers.
    method Ping() -> (version: string, now: string)

    # How everything stands.
    method Status() -> (now: string, subjects: []Subject)

    # Renews a service key or a keystore: at once if now is true, else only what is due or waits after a failure.
    # With more, each step is told as it happens; the last reply has the outcome. It acts.
    method Renew(name: string, now: ?bool) -> (step: ?Step, outcome: ?Outcome)

    # Tries the identity of a service key that is in force, as its verify setting says. It acts.
    method Verify(name: string) -> (verdict: (accepted, refused, inconclusive), reason: string, culprit: ?string)

    # The keys of a service key's instance on the platform.
    method ListKeys(name: string) -> (keys: []Key)

    # Puts a key that is on the platform in force, by its GUID or name, once it was examined and verified; one that
    # ends no later than the one in force only with force. It acts.
    method AdoptKey(name: string, guid: string, force: ?bool) -> (key: Key)

    # Reads the configuration again; with mistakes the one in force stays. It acts.
    method Reload() -> (in_force: bool, mistakes: []string)

    # Nothing that the method is for has this name.
    error NoSuchName (name: string)

    # It cannot be done; culprit is configuration, server, network, platform, host or certrotd.
    error Refused (reason: string, culprit: string)

    # The daemon ends; what was begun goes on after its next start.
    error Stopping ()

    """

  /// Varlink's own interface, which each service describes as well.
  static let serviceDescription = """
    # What every Varlink service answers.
    interface org.varlink.service

    method GetInfo() -> (vendor: string, product: string, version: string, url: string, interfaces: []string)

    method GetInterfaceDescription(interface: string) -> (description: string)

    error InterfaceNotFound (interface: string)

    error MethodNotFound (method: string)

    error MethodNotImplemented (method: string)

    error InvalidParameter (parameter: string)

    error PermissionDenied ()

    error ExpectedMore ()

    """
}
