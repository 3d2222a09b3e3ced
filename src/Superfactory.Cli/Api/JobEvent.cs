using Superfactory.Model.Agents;
using Superfactory.Model.Views;

namespace Superfactory.Cli.Api;

/// <summary>Something that happened to a job that is being watched.</summary>
internal abstract record JobEvent
{
    private JobEvent()
    {
    }

    /// <summary>The job as it is now.</summary>
    public sealed record Changed(JobView Job) : JobEvent;

    /// <summary>A site as it is now.</summary>
    public sealed record SiteChanged(SiteView Site) : JobEvent;

    /// <summary>A process of the job wrote a line.</summary>
    public sealed record Logged(LogLine Line) : JobEvent;

    /// <summary>A trainer measured something.</summary>
    public sealed record Measured(Measurement Measurement) : JobEvent;

    /// <summary>The control plane cannot be reached at the moment; the watch goes on trying.</summary>
    public sealed record Unreachable(string Reason) : JobEvent;

    /// <summary>The watch is over without the job's end: the control plane refused, or was gone for too long.</summary>
    public sealed record Ended(Answer<JobView> Answer) : JobEvent;
}
