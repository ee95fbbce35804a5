// swift-tools-version: 6.0
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

let package = Package(
    name: "neuron_ws",
    products: [
        .library(name: "neuron_ws", type: .dynamic, targets: ["NeuronWS", "CEnvironment"]),
        .executable(name: "neuron-ws", targets: ["neuron-ws"]),
    ],
    targets: [
        // C libraries as modules. CLinux holds what Glibc's module lacks; the others are Debian's packages.
        .systemLibrary(name: "CNeuronWS", path: "include"),
        .systemLibrary(name: "CLinux", path: "Sources/CLinux"),
        .systemLibrary(
            name: "COpenSSL", path: "Sources/COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(
            name: "CJansson", path: "Sources/CJansson", pkgConfig: "jansson", providers: [.apt(["libjansson-dev"])]),
        .systemLibrary(
            name: "CZlib", path: "Sources/CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(
            name: "CSQLite", path: "Sources/CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),

        // Not linked: the library loads libidn2 where it is installed and a host name is beyond ASCII.
        .systemLibrary(name: "CIDN2", path: "Sources/CIDN2"),

        // The files of Sources/neuron-ws/Page, in the binary.
        .target(name: "CLivePage"),

        // Not linked: the tool loads libedit where it is installed.
        .systemLibrary(name: "CEditLine", path: "Sources/CEditLine"),

        // The shared library's own environ. In nothing else: a program finds its arguments by the real one.
        .target(name: "CEnvironment"),

        // The library, inside out: the protocol, the node as a state machine, every side effect.
        .target(name: "WebSocketCore"),
        .target(name: "NodeCore", dependencies: ["WebSocketCore", "CNeuronWS", "CJansson", "CZlib"]),
        .target(
            name: "NeuronWS",
            dependencies: ["NodeCore", "WebSocketCore", "CNeuronWS", "CIDN2", "CLinux", "COpenSSL", "CSQLite"]),

        // A small WebSocket server on loopback for the tool (demo, serve) and for the tests; not in the library.
        .target(name: "LoopbackServer", dependencies: ["WebSocketCore", "CLinux", "COpenSSL"]),
        .executableTarget(
            name: "neuron-ws",
            dependencies: [
                "NeuronWS", "CNeuronWS", "LoopbackServer", "CJansson", "CLinux", "CEditLine", "CLivePage",
            ],
            exclude: ["Page"]),

        // Worlds from seeds: the node's deciding parts under a made clock, network and server. See `make simulate`.
        .executableTarget(
            name: "simulate", dependencies: ["NodeCore", "WebSocketCore", "CNeuronWS"], path: "Tests/Simulation"),

        .testTarget(name: "WebSocketCoreTests", dependencies: ["WebSocketCore"]),
        .testTarget(name: "NodeCoreTests", dependencies: ["NodeCore", "CNeuronWS", "CJansson", "CZlib"]),
        .testTarget(name: "LoopbackServerTests", dependencies: ["LoopbackServer", "CLinux", "COpenSSL"]),
        .testTarget(name: "ToolTests", dependencies: ["neuron-ws", "LoopbackServer"]),
        .testTarget(
            name: "NeuronWSTests",
            dependencies: [
                "NeuronWS", "NodeCore", "WebSocketCore", "LoopbackServer", "CNeuronWS", "CLinux", "COpenSSL",
            ]),
    ],
    swiftLanguageModes: [.v6]
)

// What decides has no threads, and nothing to find of itself (`make tsan`): building its tests takes half of the time.
if Context.environment["NEURON_WS_THREADS_ALONE"] != nil {
    package.targets.removeAll { ["WebSocketCoreTests", "NodeCoreTests", "simulate"].contains($0.name) }
}
