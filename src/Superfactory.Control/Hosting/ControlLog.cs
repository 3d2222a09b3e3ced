namespace Superfactory.Control.Hosting;

/// <summary>Everything that the control plane logs. Event ids are unique in this project and never used again.</summary>
internal static partial class ControlLog
{
    [LoggerMessage(EventId = 1001, Level = LogLevel.Critical, Message = "The journal's writer failed; the control plane ends, running jobs go on.")]
    public static partial void WriterFailed(ILogger logger, Exception exception);

    [LoggerMessage(EventId = 1002, Level = LogLevel.Error, Message = "A request for {Path} failed.")]
    public static partial void RequestFailed(ILogger logger, string path, Exception exception);

    [LoggerMessage(EventId = 1003, Level = LogLevel.Warning, Message = "Listening on {Address}, which other machines reach: the API asks nobody who they are.")]
    public static partial void ListensBeyondLoopback(ILogger logger, string address);

    [LoggerMessage(EventId = 1004, Level = LogLevel.Warning, Message = "The agent of site {Site} was not heard for {Milliseconds} ms and is taken for lost.")]
    public static partial void SiteLost(ILogger logger, string site, long milliseconds);

    [LoggerMessage(EventId = 1005, Level = LogLevel.Information, Message = "Recovered {Records} records: {Sites} sites, {Jobs} jobs of which {Open} have not ended.")]
    public static partial void Recovered(ILogger logger, long records, int sites, int jobs, int open);

    [LoggerMessage(EventId = 1006, Level = LogLevel.Error, Message = "Deciding upon {Command} failed; it changed nothing.")]
    public static partial void DecisionFailed(ILogger logger, string command, Exception exception);

    [LoggerMessage(EventId = 1010, Level = LogLevel.Error, Message = "Making grants for the wide-area network failed; nothing is limited.")]
    public static partial void GrantsFailed(ILogger logger, Exception exception);

    [LoggerMessage(EventId = 1012, Level = LogLevel.Warning, Message = "The gangs of site {Site} must have ended themselves by now: what they held is free.")]
    public static partial void GangLeaseEnded(ILogger logger, string site);

    [LoggerMessage(EventId = 1011, Level = LogLevel.Warning, Message = "The link between {A} and {B}: {Reason}")]
    public static partial void LinkFound(ILogger logger, string a, string b, string reason);

    [LoggerMessage(EventId = 1013, Level = LogLevel.Error, Message = "Looking at the links failed; what they carry stays as it was found last.")]
    public static partial void LinksFailed(ILogger logger, Exception exception);

    [LoggerMessage(EventId = 1014, Level = LogLevel.Error, Message = "Judging the link between {A} and {B} failed; what it carries stays as it was found last.")]
    public static partial void LinkFailed(ILogger logger, string a, string b, Exception exception);
}
