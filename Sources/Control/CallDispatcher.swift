// SPDX-License-Identifier: Apache-2.0

/// Answers calls: reads the parameters, asks whether the caller may, and hands over to the one who acts.
package struct CallDispatcher: Sendable {
  /// Sends one message with its zero to the caller.
  package typealias Send = @Sendable ([UInt8]) async throws -> Void

  private let actions: any ControlActions
  private let version: String

  /// - Parameters:
  ///   - actions: who acts.
  ///   - version: of the program.
  package init(actions: any ControlActions, version: String) {
    self.actions = actions
    self.version = version
  }

  /// The last message to send for `call`; those before it go to `send`.
  ///
  /// - Throws: what `send` throws, and whatever is no ``Fault``.
  package func answer(_ call: Call, from role: ControlAccess.Role, _ send: @escaping Send) async throws -> [UInt8] {
    do {
      return try await answerOrThrow(call, from: role, send)
    } catch let fault as Fault {
      return try Reply.message(fault)
    }
  }

  private func answerOrThrow(
    _ call: Call, from role: ControlAccess.Role, _ send: @escaping Send
  ) async throws -> [UInt8] {
    if call.method.hasPrefix(ControlInterface.serviceName + ".") { return try describe(call) }
    guard call.method.hasPrefix(ControlInterface.name + ".") else {
      let interface = call.method.split(separator: ".").dropLast().joined(separator: ".")
      throw Fault.interfaceNotFound(interface)
    }
    let method = ControlInterface.Method(rawValue: String(call.method.dropFirst(ControlInterface.name.count + 1)))
    guard let method else { throw Fault.methodNotFound(call.method) }
    guard !method.acts || role == .actor else { throw Fault.permissionDenied }
    switch method {
    case .ping: return try Reply.message(try await actions.ping())
    case .status: return try Reply.message(try await actions.status())
    case .renew: return try await renew(call, send)
    case .verify: return try Reply.message(try await actions.verify(name(call)))
    case .listKeys:
      return try Reply.message(ControlInterface.KeysReply(keys: try await actions.listKeys(name(call))))
    case .adoptKey:
      let wish = try call.parameters(as: ControlInterface.KeyName.self)
      let key = try await actions.adoptKey(wish.name, guid: wish.guid, force: wish.force ?? false)
      return try Reply.message(ControlInterface.KeyReply(key: key))
    case .reload: return try Reply.message(try await actions.reload())
    }
  }

  private func name(_ call: Call) throws(Fault) -> String {
    try call.parameters(as: ControlInterface.Name.self).name
  }

  private func renew(_ call: Call, _ send: @escaping Send) async throws -> [UInt8] {
    let wish = try call.parameters(as: ControlInterface.RenewParameters.self)
    let tellsSteps = call.more && !call.oneway
    let outcome = try await actions.renew(wish.name, now: wish.now ?? false) { step in
      guard tellsSteps else { return }
      try await send(try Reply.message(ControlInterface.RenewReply(step: step), continues: true))
    }
    return try Reply.message(ControlInterface.RenewReply(outcome: outcome))
  }

  private func describe(_ call: Call) throws -> [UInt8] {
    struct Info: Encodable {
      let vendor, product, version, url: String
      let interfaces: [String]
    }
    struct Wish: Decodable { let interface: String }
    struct Description: Encodable { let description: String }
    switch call.method {
    case "\(ControlInterface.serviceName).GetInfo":
      return try Reply.message(
        Info(
          vendor: "certrotd", product: "certrotd", version: version, url: "",
          interfaces: [ControlInterface.serviceName, ControlInterface.name]))
    case "\(ControlInterface.serviceName).GetInterfaceDescription":
      let interface = try call.parameters(as: Wish.self).interface
      switch interface {
      case ControlInterface.name: return try Reply.message(Description(description: ControlInterface.description))
      case ControlInterface.serviceName:
        return try Reply.message(Description(description: ControlInterface.serviceDescription))
      default: throw Fault.interfaceNotFound(interface)
      }
    default: throw Fault.methodNotFound(call.method)
    }
  }
}
