using Superfactory.Wan.Frames;
using Superfactory.Wan.Security;

namespace Superfactory.Wan.Links;

/// <summary>Finds out who calls on a new connection and hands it to the link to that site, or says why not.</summary>
internal sealed class LinkReception(GatewayCore core, ILinkSecurity security, LinkLimits limits, TimeProvider time)
{
    /// <summary>
    /// Connections at a time that have not said whose they are: when all sites connect at once after a start they are 16 for each of
    /// 16, and who finds no place comes again. Each costs a socket and what TLS holds before its handshake, some 64 KiB: 16 MiB.
    /// </summary>
    public const int CallersMax = 256;

    private readonly CallerRoom _room = new(CallersMax, limits.IntroductionMax, time);

    /// <summary>Serves a connection until it ends. Owns it.</summary>
    /// <param name="transport">The connection.</param>
    /// <param name="address">The address that it comes from, without the port.</param>
    /// <param name="caller">Where it comes from, for people.</param>
    /// <param name="stop">Ends the wait for who it is.</param>
    public async Task ServeAsync(Stream transport, string address, string caller, CancellationToken stop)
    {
        FramedStream? stream = null;
        var handedOver = false;
        using var waiting = _room.Enter(address, stop);
        try
        {
            var secured = await security.AsServerAsync(transport, waiting.Token);
            stream = new FramedStream(secured.Stream, transport);
            var (hello, refused) = await Handshake.ReadHelloAsync(stream, core.Network.Self, null, waiting.Token);
            var isHonest = hello is null || secured.Site is null || secured.Site == hello.Site;
            var link = hello is null || !isHonest ? null : core.FindLink(hello.Site);
            refused ??= isHonest
                ? Check(hello!, link)
                : new LinkEnd(LinkEndKind.PeerRefused, $"it says that it is site {hello!.Site}, its certificate says {secured.Site}");
            if (refused is null)
            {
                handedOver = true;
                waiting.Dispose();
                await link!.ServeAsync(stream, hello!);
                return;
            }

            await RefuseAsync(stream, caller, hello, link, refused, waiting.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // This gateway stops: nobody's link is concerned.
        }
        catch (OperationCanceledException)
        {
            Refuse(GatewayNoticeKind.PeerRefused, waiting.IsEvicted
                ? $"A connection from {caller} was closed: it did not say who it is, and {CallersMax} others wait."
                : $"A connection from {caller} was closed: it did not say who it is within {limits.IntroductionMax.TotalSeconds:0.#} s.");
        }
        catch (LinkSecurityException exception)
        {
            Refuse(GatewayNoticeKind.PeerRefused, $"A connection from {caller} was refused: {exception.Message}.");
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            Refuse(GatewayNoticeKind.PeerRefused, $"A connection from {caller} broke before it said who it is.");
        }
        finally
        {
            if (!handedOver)
            {
                await (stream?.DisposeAsync() ?? transport.DisposeAsync());
            }
        }
    }

    private void Refuse(GatewayNoticeKind kind, string text) => core.Switchboard.RefuseCaller(new GatewayNotice(kind, string.Empty, text));

    private LinkEnd? Check(HelloPayload hello, Link? link)
    {
        var reason = link is null ? $"site {hello.Site} is no peer of site {core.Network.Self}"
            : link.Dials ? $"site {core.Network.Self} dials site {hello.Site}, not the other way round"
            : hello.Number >= limits.ConnectionsMax ? $"a link has no connection of number {hello.Number}"
            : null;
        return reason is null ? null : new LinkEnd(LinkEndKind.PeerRefused, reason);
    }

    private async Task RefuseAsync(FramedStream stream, string caller, HelloPayload? hello, Link? link, LinkEnd refused, CancellationToken cancellationToken)
    {
        if (link is not null)
        {
            link.Tell(refused);
        }
        else if (refused.Kind != LinkEndKind.Closed)
        {
            var kind = refused.Kind == LinkEndKind.FrameRefused ? GatewayNoticeKind.FrameRefused : GatewayNoticeKind.PeerRefused;
            core.Switchboard.RefuseCaller(new GatewayNotice(kind, hello?.Site ?? string.Empty, $"A connection from {caller} was refused: {refused.Text}."));
        }

        if (hello is not null)
        {
            // Its own Hello first: a peer of another version reads no more than that, and names this one by it.
            await Handshake.SendHelloAsync(stream, new HelloPayload(0, hello.Number, core.Network.Self, hello.Site), cancellationToken);
            await stream.SendAsync(FrameType.Refuse, Payloads.EncodeReason(refused.Text), cancellationToken);
        }
    }
}
