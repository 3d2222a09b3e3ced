using System.Net;
using System.Net.Sockets;
using Superfactory.Wan.Security;

namespace Superfactory.Wan.Tests.Security;

/// <summary>An authority with its sites' files in a temporary directory, and connections between them over the loopback.</summary>
internal sealed class Fleet : IDisposable
{
    public static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly string _directory = Directory.CreateTempSubdirectory("superfactory-fleet-").FullName;

    public Fleet() => Authority = FleetAuthority.Create(Start, days: 3000);

    public FleetAuthority Authority { get; }

    public MovableTime Time { get; } = new(Start);

    public List<string> Told { get; } = [];

    public string Directory_ => _directory;

    public CertificateFiles Issue(string site, int days = 100) => Authority.Issue(site, _directory, Time.GetUtcNow(), days).Value!;

    public TlsLinkSecurity Tls(string site, CertificateFiles? files = null)
    {
        var opened = TlsLinkSecurity.Open(files ?? Issue(site), site, Time, Told.Add);
        return opened.Value ?? throw new InvalidOperationException(string.Join(' ', opened.Problems));
    }

    /// <summary>Connects two ends and returns what each came to: a stream, or the sentence with which it refused.</summary>
    public static async Task<(Stream? Client, SecuredCaller? Server, string? ClientRefused, string? ServerRefused)> MeetAsync(
        ILinkSecurity client, ILinkSecurity server, string serverSite)
    {
        var (left, right) = await WireAsync();
        return await MeetAsync(client.AsClientAsync(left, serverSite, Cancel).AsTask(), server.AsServerAsync(right, Cancel).AsTask());
    }

    public static async Task<(Stream? Client, SecuredCaller? Server, string? ClientRefused, string? ServerRefused)> MeetAsync(Task<Stream> client, Task<SecuredCaller> server)
    {
        var ends = await Task.WhenAll(
            client.ContinueWith(static end => (object?)(end.IsCompletedSuccessfully ? end.Result : Reason(end)), TaskScheduler.Default),
            server.ContinueWith(static end => (object?)(end.IsCompletedSuccessfully ? end.Result : Reason(end)), TaskScheduler.Default));
        return (ends[0] as Stream, ends[1] as SecuredCaller?, ends[0] as string, ends[1] as string);
    }

    public static async Task<(Stream Left, Stream Right)> WireAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var left = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await left.ConnectAsync(listener.LocalEndpoint, Cancel);
        var right = await listener.AcceptSocketAsync(Cancel);
        return (new NetworkStream(left, ownsSocket: true), new NetworkStream(right, ownsSocket: true));
    }

    public void Dispose()
    {
        Authority.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string Reason(Task task)
        => task.Exception!.InnerException is LinkSecurityException refused ? refused.Message : throw task.Exception;

    internal sealed class MovableTime(DateTimeOffset start) : TimeProvider
    {
        private DateTimeOffset _now = start;

        public override DateTimeOffset GetUtcNow() => _now;

        public void Move(TimeSpan by) => _now += by;
    }
}
