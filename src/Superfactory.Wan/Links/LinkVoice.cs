namespace Superfactory.Wan.Links;

/// <summary>Counts and tells what becomes of a link's connections. The same reason is told once until the link was up again. Thread-safe.</summary>
internal sealed class LinkVoice(string peer, Action<GatewayNotice> notice)
{
    private string? _lastProblem;
    private long _framesRefused;

    /// <summary>Frames that were refused, or at which this gateway failed: each closed its connection.</summary>
    public long FramesRefused => Interlocked.Read(ref _framesRefused);

    /// <summary>The link is connected.</summary>
    public void Up()
    {
        _lastProblem = null;
        notice(new GatewayNotice(GatewayNoticeKind.LinkUp, peer, $"The link to {peer} is connected."));
    }

    /// <summary>A connection ended, or did not come about.</summary>
    /// <param name="end">Why.</param>
    /// <param name="isOpen">Whether the link has others.</param>
    /// <param name="endpoint">Where the peer was dialled; null where this side does not dial.</param>
    public void Tell(LinkEnd end, bool isOpen, string? endpoint)
    {
        if (end.Kind is LinkEndKind.FrameRefused or LinkEndKind.Failed)
        {
            Interlocked.Increment(ref _framesRefused);
        }

        var isOneOfMany = isOpen && end.Kind is LinkEndKind.Closed or LinkEndKind.Silent or LinkEndKind.Unreachable;
        if (end.Kind is LinkEndKind.Stopped or LinkEndKind.Replaced || isOneOfMany || Interlocked.Exchange(ref _lastProblem, end.Text) == end.Text)
        {
            return;
        }

        notice(end.Kind switch
        {
            LinkEndKind.FrameRefused => new GatewayNotice(GatewayNoticeKind.FrameRefused, peer, $"A connection to {peer} was closed: it brought {end.Text}."),
            LinkEndKind.PeerRefused => new GatewayNotice(GatewayNoticeKind.PeerRefused, peer, $"The link to {peer} is refused: {end.Text}."),
            LinkEndKind.Unreachable => new GatewayNotice(GatewayNoticeKind.LinkDown, peer, $"The gateway of {peer} cannot be reached at {endpoint}: {end.Text}."),
            LinkEndKind.Failed => new GatewayNotice(GatewayNoticeKind.Failure, peer, $"A connection to {peer} ended by a defect of this gateway; please report it: {end.Text}."),
            _ => new GatewayNotice(GatewayNoticeKind.LinkDown, peer, $"The link to {peer} is down: {end.Text}."),
        });
    }
}
