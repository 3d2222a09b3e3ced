using Superfactory.Wan.Frames;
using Superfactory.Wan.Local;

namespace Superfactory.Wan.Links;

/// <summary>Finds out who calls on a new connection and hands it to the link to that site, or says why not.</summary>
internal sealed class LinkReception(Switchboard switchboard, LinkLimits limits, TimeProvider time)
{
    /// <summary>Serves a connection until it ends. Owns it.</summary>
    /// <param name="transport">The connection.</param>
    /// <param name="caller">Where it comes from, for people.</param>
    /// <param name="stop">Ends the wait for who it is.</param>
    public async Task ServeAsync(Stream transport, string caller, CancellationToken stop)
    {
        var stream = new FramedStream(transport);
        var handedOver = false;
        using var timeout = new CancellationTokenSource(limits.HandshakeMax, time);
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stop);
            var (hello, refused) = await Handshake.ReadHelloAsync(stream, switchboard.Site, null, either.Token);
            var link = hello is null ? null : switchboard.FindLink(hello.Site);
            refused ??= Check(hello!, link);
            if (refused is null)
            {
                handedOver = true;
                await link!.ServeAsync(stream, hello!);
                return;
            }

            await RefuseAsync(stream, caller, hello, link, refused, either.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // This gateway stops: nobody's link is concerned.
        }
        catch (OperationCanceledException)
        {
            switchboard.RefuseCaller(new GatewayNotice(
                GatewayNoticeKind.PeerRefused, string.Empty, $"A connection from {caller} was closed: it did not say who it is within {limits.HandshakeMax.TotalSeconds:0.#} s."));
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            switchboard.Notice(new GatewayNotice(GatewayNoticeKind.PeerRefused, string.Empty, $"A connection from {caller} broke before it said who it is."));
        }
        finally
        {
            if (!handedOver)
            {
                await stream.DisposeAsync();
            }
        }
    }

    private LinkEnd? Check(HelloPayload hello, Link? link)
    {
        var reason = link is null ? $"site {hello.Site} is no peer of site {switchboard.Site}"
            : link.Dials ? $"site {switchboard.Site} dials site {hello.Site}, not the other way round"
            : null;
        return reason is null ? null : new LinkEnd(LinkEndKind.PeerRefused, reason);
    }

    private async Task RefuseAsync(FramedStream stream, string caller, HelloPayload? hello, Link? link, LinkEnd refused, CancellationToken cancellationToken)
    {
        if (link is not null)
        {
            link.Refuse(refused);
        }
        else if (refused.Kind != LinkEndKind.Closed)
        {
            var kind = refused.Kind == LinkEndKind.FrameRefused ? GatewayNoticeKind.FrameRefused : GatewayNoticeKind.PeerRefused;
            switchboard.RefuseCaller(new GatewayNotice(kind, hello?.Site ?? string.Empty, $"A connection from {caller} was refused: {refused.Text}."));
        }

        if (hello is not null)
        {
            // Its own Hello first: a peer of another version reads no more than that, and names this one by it.
            await Handshake.SendHelloAsync(stream, new HelloPayload(0, 0, 0, switchboard.Site, hello.Site), cancellationToken);
            await stream.SendAsync(FrameType.Refuse, Payloads.EncodeReason(refused.Text), cancellationToken);
        }
    }
}
