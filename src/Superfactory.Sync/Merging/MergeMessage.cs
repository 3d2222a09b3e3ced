namespace Superfactory.Sync.Merging;

/// <summary>What bridges of a run say to each other. <c>docs/protocol.md</c> lists the messages and their bytes.</summary>
public abstract record MergeMessage
{
    private protected MergeMessage()
    {
    }
}
