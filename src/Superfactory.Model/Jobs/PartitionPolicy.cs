namespace Superfactory.Model.Jobs;

/// <summary>What a run does when islands cannot hear each other although all reach the control plane.</summary>
public enum PartitionPolicy
{
    /// <summary>The largest set of islands that hear each other goes on; the others wait to be let in again.</summary>
    Continue,

    /// <summary>All wait until they hear each other.</summary>
    Wait,
}
