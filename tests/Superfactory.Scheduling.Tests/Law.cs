using FsCheck;
using FsCheck.Fluent;

namespace Superfactory.Scheduling.Tests;

/// <summary>A law that holds whatever the seed.</summary>
internal static class Law
{
    /// <summary>Tries it with so many seeds; one that breaks it is printed with what replays the others.</summary>
    public static void Holds(int lives, Action<int> law) => Prop.ForAll(
        Gen.Choose(1, int.MaxValue).ToArbitrary(),
        seed =>
        {
            law(seed);
            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(lives));
}
