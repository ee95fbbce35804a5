// SPDX-License-Identifier: Apache-2.0
/// As much of a shared library's file as tells whether a plugin can load it.
enum ELF {
    /// e_machine, the 16 bits behind e_ident and e_type; nil: it is no ELF file.
    static func processor(_ file: [UInt8]) -> UInt16? {
        guard file.count >= 64, file.starts(with: [0x7F, 0x45, 0x4C, 0x46]) else { return nil }
        return UInt16(file[18]) | UInt16(file[19]) << 8
    }

    /// Whether a whole string of it is this one: a library's own name (DT_SONAME) is such.
    static func holds(_ file: [UInt8], _ name: String) -> Bool {
        let wanted = Array(name.utf8)
        guard file.count > wanted.count + 1 else { return false }
        for start in 1..<file.count - wanted.count where file[start] == wanted[0] && file[start - 1] == 0 {
            if file[start + wanted.count] == 0, file[start..<start + wanted.count].elementsEqual(wanted) { return true }
        }
        return false
    }
}
