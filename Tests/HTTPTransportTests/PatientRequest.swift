// SPDX-License-Identifier: Apache-2.0

import HTTPTransport
import Host

/// A request with time enough for any busy machine: of its deadlines only those pass that a test sets.
func patientRequest(
  method: HTTPMethod = .get, url: String, headers: [HTTPHeader] = [], body: HTTPBody = .none,
  clientIdentity: SecretBytes? = nil, trust: HTTPTrust = .system, proxy: HTTPProxy? = nil, route: HTTPRoute? = nil,
  deadline: Duration = .seconds(300), connectDeadline: Duration = .seconds(300),
  stallDeadline: Duration = .seconds(300), responseLimit: Int = 1 << 20, redirectLimit: Int = 0
) -> HTTPRequest {
  HTTPRequest(
    method: method, url: url, headers: headers, body: body, clientIdentity: clientIdentity, trust: trust,
    route: route ?? proxy.map(HTTPRoute.through) ?? .direct,
    deadline: deadline, connectDeadline: connectDeadline, stallDeadline: stallDeadline, responseLimit: responseLimit,
    redirectLimit: redirectLimit)
}
