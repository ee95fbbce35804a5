// SPDX-License-Identifier: Apache-2.0
#if hasFeature(Embedded)

    /// Embedded Swift keeps no `CommandLine`.
    @c(main)
    public func start(count: Int32, words: UnsafePointer<UnsafePointer<CChar>?>) -> Int32 {
        Tool.start((1..<max(1, Int(count))).compactMap { words[$0].map { String(cString: $0) } })
    }

#else

    @main
    enum Entry {
        static func main() { Tool.start(Array(CommandLine.arguments.dropFirst())) }
    }

#endif
