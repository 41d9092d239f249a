// SPDX-License-Identifier: Apache-2.0

/// Reads the `defaults` mapping.
enum DefaultsReader {
  /// What can be read; the rest are mistakes, and stays as it is without configuration.
  static func read(_ field: Field) -> Defaults {
    guard let mapping = MappingReader(field, KeyTable.defaults) else { return Defaults() }
    var defaults = Defaults()
    defaults.refetchEvery =
      mapping["refetch-every"]?.duration(in: Bounds.refetchEvery) ?? defaults.refetchEvery
    defaults.timeout = mapping["timeout"]?.duration(in: Bounds.timeout) ?? defaults.timeout
    defaults.renewBefore = mapping["renew-before"]?.renewBefore() ?? defaults.renewBefore
    defaults.alertBefore = mapping["alert-before"]?.alertBefore() ?? defaults.alertBefore
    defaults.proxy = ProxyReader.read(mapping, inherited: .environment)
    defaults.noProxy = NoProxyList(mapping["no-proxy"]?.list { $0.noProxyEntry() } ?? [])
    defaults.keepGenerations =
      mapping["keep-generations"]?.integer(in: Bounds.keepGenerations) ?? defaults.keepGenerations
    defaults.changeWindows = mapping["change-window"].flatMap(ChangeWindowReader.read) ?? []
    defaults.installation = mapping["installation"]?.label()
    return defaults
  }
}
