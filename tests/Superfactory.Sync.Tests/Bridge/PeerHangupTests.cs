using System.Net.Sockets;
using Superfactory.Sync.Bridge.Trainer;

namespace Superfactory.Sync.Tests.Bridge;

/// <summary>Whether the other end of a connection is closed is seen without reading up to its end.</summary>
public sealed class PeerHangupTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("sf-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task A_closed_end_is_seen_behind_bytes_that_nobody_has_read()
    {
        var path = new UnixDomainSocketEndPoint(Path.Combine(_directory.FullName, "s"));
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(path);
        listener.Listen();
        using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await client.ConnectAsync(path, TestContext.Current.CancellationToken);
        using var server = await listener.AcceptAsync(TestContext.Current.CancellationToken);
        client.Send(new byte[100]);

        PeerHangup.IsHungUp(server).ShouldBeFalse();
        client.Dispose();
        PeerHangup.IsHungUp(server).ShouldBeTrue();

        server.Available.ShouldBe(100);
        server.Dispose();
        PeerHangup.IsHungUp(server).ShouldBeTrue();
    }
}
