using Superfactory.Core.Records;

namespace Superfactory.Core.Folding;

/// <summary>Folds what is reserved of the fleet.</summary>
internal static class WindowFold
{
    public static FactoryState Apply(FactoryState state, WindowReserved record) => state with
    {
        LastWindow = record.Number,
        Windows = state.Windows.SetItem(record.Name, new FactoryWindow
        {
            Name = record.Name, Number = record.Number, Since = record.At, From = record.From, Until = record.Until, Target = record.Target,
            Accelerators = record.Accelerators, Hardware = record.Hardware, Queue = record.Queue, Job = record.Job, Reason = record.Reason,
        }),
    };

    public static FactoryState Apply(FactoryState state, WindowEnded record) => state with { Windows = state.Windows.Remove(record.Name) };
}
